// A server of server-sent events with Node's own HTTP server, as tutorials have it: a list of the open streams, and for
// each change a loop over the list. `node server.js PORT`.
"use strict";

const http = require("node:http");

// As large as a small widget of the site.
const FILLER = "<p>A part of a page, with a number that changes.</p>\n".repeat(24);

const versions = new Map();
let clients = [];

function live(hub, request, response) {
  response.writeHead(200, {
    "content-type": "text/event-stream",
    "cache-control": "no-cache",
    connection: "keep-alive",
  });
  response.write(": hello\n\n");
  const client = { hub, response };
  clients.push(client);
  request.on("close", () => {
    clients = clients.filter((other) => other !== client);
  });
}

function change(hub, response) {
  const version = (versions.get(hub) ?? 0) + 1;
  versions.set(hub, version);
  for (const client of clients) {
    if (client.hub === hub) {
      client.response.write(`event: widget\ndata: {"widget":${hub},"version":${version}}\n\n`);
    }
  }
  response.writeHead(204).end();
}

function part(hub, response) {
  const version = versions.get(hub) ?? 0;
  const body = `<section data-version="${version}">\n${FILLER}</section>\n`;
  response.writeHead(200, {
    "content-type": "text/html",
    "content-length": Buffer.byteLength(body),
    etag: `"${version}"`,
  });
  response.end(body);
}

const server = http.createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, "http://localhost");
  const hub = Number(pathname.split("/")[2] ?? 0);
  if (pathname === "/live") live(Number(searchParams.get("hub")), request, response);
  else if (request.method === "POST") change(hub, response);
  else part(hub, response);
});
// Changes and parts may pause for longer than the five seconds that Node keeps a connection.
server.keepAliveTimeout = 60_000;
server.listen(Number(process.argv[2]), "127.0.0.1", 1024);
