// SPDX-License-Identifier: MIT
// A web server and client, and a datagram echo: node web.js serve PORT, node web.js get URL
// COUNT, node web.js udp-serve PORT, node web.js udp HOST PORT. Servers bind to $ANY.
'use strict';
const crypto = require('crypto');
const dgram = require('dgram');
const fs = require('fs');
const http = require('http');

const [mode, ...args] = process.argv.slice(2);

if (mode === 'serve') {
	http.createServer((request, response) => {
		fs.createReadStream('.' + request.url).on('error', () => {
			response.statusCode = 404;
			response.end();
		}).pipe(response);
	}).listen(Number(args[0]), process.env.ANY);
} else if (mode === 'get') {
	const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
	let left = Number(args[1]);
	for (let i = left; i > 0; i--) {
		http.get(args[0], { agent }, (response) => {
			const digest = crypto.createHash('sha256');
			response.on('data', (data) => digest.update(data));
			response.on('end', () => {
				console.log(digest.digest('hex'));
				if (--left === 0)
					agent.destroy();
			});
		});
	}
} else if (mode === 'udp-serve') {
	const socket = dgram.createSocket(process.env.ANY === '::' ? 'udp6' : 'udp4');
	socket.on('message', (data, peer) => socket.send(data, peer.port, peer.address));
	socket.bind(Number(args[0]));
} else if (mode === 'udp') {
	const socket = dgram.createSocket(process.env.FAMILY === 'ipv6' ? 'udp6' : 'udp4');
	let next = 0;
	const ask = () => socket.send(`datagram ${next}`, Number(args[1]), args[0]);
	const timer = setInterval(ask, 300);
	socket.on('message', (data) => {
		if (data.toString() !== `datagram ${next}`)
			return; // an answer to a question asked twice
		if (++next < 20)
			return ask();
		clearInterval(timer);
		socket.close();
		console.log(`answered ${next}`);
	});
	ask();
}
