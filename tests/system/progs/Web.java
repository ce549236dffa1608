/* SPDX-License-Identifier: MIT */

import com.sun.net.httpserver.HttpServer;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;

/** A web server and client: Web serve PORT, Web get HOST PORT COUNT. */
public class Web {
	static String hash(byte[] bytes) throws Exception {
		return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
	}

	static void serve(int port) throws Exception {
		HttpServer server = HttpServer.create(new InetSocketAddress(port), 64);
		server.setExecutor(Executors.newFixedThreadPool(4));
		server.createContext("/", exchange -> {
			String path = "." + exchange.getRequestURI().getPath();
			byte[] body = Files.readAllBytes(Path.of(path));
			exchange.sendResponseHeaders(200, body.length);
			exchange.getResponseBody().write(body);
			exchange.close();
		});
		server.start();
	}

	/** The NIO client, several requests at once; then a plain blocking socket. */
	static void get(String host, int port, int count) throws Exception {
		HttpClient client = HttpClient.newBuilder()
				.version(HttpClient.Version.HTTP_1_1).build();
		HttpRequest request = HttpRequest.newBuilder(
				URI.create("http://" + host + ":" + port + "/file")).build();
		List<CompletableFuture<HttpResponse<byte[]>>> answers = new ArrayList<>();
		for (int i = 0; i < count; i++)
			answers.add(client.sendAsync(request,
					HttpResponse.BodyHandlers.ofByteArray()));
		for (CompletableFuture<HttpResponse<byte[]>> answer : answers)
			System.out.println(hash(answer.get().body()));
		try (Socket socket = new Socket(host, port)) {
			socket.setSoTimeout(60000);
			socket.setTcpNoDelay(true);
			socket.getOutputStream().write("GET /file HTTP/1.0\r\n\r\n".getBytes());
			InputStream in = socket.getInputStream();
			byte[] all = in.readAllBytes();
			int start = new String(all, 0, Math.min(all.length, 2000), "ISO-8859-1")
					.indexOf("\r\n\r\n") + 4;
			byte[] body = java.util.Arrays.copyOfRange(all, start, all.length);
			System.out.println(hash(body));
		}
		System.exit(0);
	}

	public static void main(String[] args) throws Exception {
		if (args[0].equals("serve"))
			serve(Integer.parseInt(args[1]));
		else
			get(args[1], Integer.parseInt(args[2]), Integer.parseInt(args[3]));
	}
}
