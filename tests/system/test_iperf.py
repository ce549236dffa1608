# SPDX-License-Identifier: MIT
"""iperf3: TCP with one and four streams, forwards, backwards and both ways; UDP."""

import json

import pytest

TCP = {"one": "", "four": "-P 4", "reverse": "-R", "reverse-four": "-R -P 4", "bidir": "--bidir"}


@pytest.mark.parametrize("form", TCP)
def test_tcp(both46, form):
    both46.server("server", "exec iperf3 -s")
    client = both46.host("client", f"iperf3 -c server -t 2 -J {TCP[form]} >report",
                       after="server:5201")
    both46.run().check()
    end = json.loads((client.folder / "report").read_text())["end"]
    sums = ["sum_received"] + (["sum_received_bidir_reverse"] if form == "bidir" else [])
    for name in sums:
        assert end[name]["bytes"] > (20_000 if both46.lossy else 10_000_000), end


@pytest.mark.parametrize("form", ["", "-R"])
def test_udp(every, form):
    every.server("server", "exec iperf3 -s")
    client = every.host("client", f"iperf3 -c server -u -b 5M -t 2 -J {form} >report",
                       after="server:5201")
    every.run().check()
    end = json.loads((client.folder / "report").read_text())["end"]
    assert end["sum"]["packets"] > 500, end
    assert end["sum"]["lost_percent"] < (12 if every.lossy else 1), end
    if every.lossy:
        assert end["sum"]["lost_packets"] > 0, end
