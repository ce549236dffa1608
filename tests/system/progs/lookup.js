// SPDX-License-Identifier: MIT
// lookup NAME|ADDRESS...: what c-ares says (Node's dns.resolve), in the words of lookup.c.
const dns = require("dns").promises;
const net = require("net");

async function answers(what) {
    if (net.isIP(what))
        return dns.reverse(what);
    const found = await Promise.allSettled([dns.resolve4(what), dns.resolve6(what)]);
    const good = found.filter(f => f.status === "fulfilled").flatMap(f => f.value);
    if (good.length === 0)
        throw new Error("unknown");
    return good;
}

(async () => {
    for (const what of process.argv.slice(2)) {
        const line = await answers(what).then(a => a.sort().join(" "), () => "unknown");
        console.log(`${what}: ${line}`);
    }
})();
