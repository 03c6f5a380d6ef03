import type { NodeRequest, NodeResponse } from '../lib/entries/index.js';

/** A request of Express, or of Fastify, which has that of Node in `raw`. */
export type HostRequest = NodeRequest & { readonly raw?: NodeRequest };

/** A response of Express, or of Fastify, which leaves the answer to others once it is hijacked. */
export type HostResponse = NodeResponse & { readonly raw?: NodeResponse; hijack?(): unknown };

/** The request as the mount reads it: at that path, wherever the application has put the controller. */
export function nodeRequest(request: HostRequest, path: string): NodeRequest {
  const node = request.raw ?? request;
  return {
    method: node.method,
    originalUrl: path,
    headers: node.headers,
    socket: node.socket,
    ip: request.ip,
    httpVersionMajor: node.httpVersionMajor ?? 1,
    destroyed: node.destroyed === true && request.rawBody === undefined,
    readableEnded: node.readableEnded === true,
    rawBody: request.rawBody,
    body: request.body,
    on: (event, listener) => node.on(event, listener),
    off: (event, listener) => node.off(event, listener),
    pause: () => node.pause(),
  };
}

export function nodeResponse(response: HostResponse): NodeResponse {
  if (response.raw === undefined) return response;
  response.hijack?.();
  return response.raw;
}
