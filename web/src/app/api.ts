/** Talks to the server's JSON interface. */

import { inject, type InjectionKey } from "vue";
import type { Endpoints } from "@/api/schema.gen";
import type { ServerClock } from "./clock";
import { problemOf, Unreachable } from "./problem";

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | null | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** The same key on a second try makes it the same write. Without one, each call is a new write. */
  readonly idempotencyKey?: string;
  readonly timeout?: number;
}

interface Shape {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}
type Needed<Name extends string, Value> = [Value] extends [undefined | Record<string, never>]
  ? Partial<Record<Name, undefined>>
  : Readonly<Record<Name, Value>>;
/** What an endpoint must be given: nothing that it does not take. */
export type Given<E extends Shape> = Needed<"params", E["params"]> &
  Needed<"body", E["body"]> & { readonly query?: E["query"] } & Omit<RequestOptions, "query" | "body">;

export interface ApiParts {
  readonly fetch: typeof fetch;
  readonly clock: ServerClock;
  readonly newKey: () => string;
  readonly wait: (milliseconds: number) => Promise<void>;
  readonly isOnline: () => boolean;
  readonly language: () => string;
  /** Called once per answer that says: nobody is signed in. */
  readonly onSignedOut: () => void;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
const TRIES = 3;
const BUSY = new Set([502, 503, 504]);

export function addressOf(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const item of Array.isArray(value) ? (value as readonly string[]) : [value]) parameters.append(name, String(item));
  }
  const text = parameters.toString();
  return text === "" ? path : `${path}?${text}`;
}

function headersOf(method: Method, options: RequestOptions, parts: ApiParts): Headers {
  const headers = new Headers({ Accept: "application/json", "Accept-Language": parts.language() });
  if (method === "GET") return headers;
  // Another site's form cannot send this header.
  headers.set("X-Yuntiao", "1");
  headers.set("Idempotency-Key", options.idempotencyKey ?? parts.newKey());
  if (options.body !== undefined && !(options.body instanceof FormData)) headers.set("Content-Type", "application/json");
  return headers;
}

function bodyOf(body: unknown): BodyInit | null {
  if (body === undefined) return null;
  return body instanceof FormData ? body : JSON.stringify(body);
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function learnTime(clock: ServerClock, response: Response, sent: number, received: number): void {
  // The server's business clock where it says so, else the second at which it answered.
  const own = response.headers.get("X-Yuntiao-Now");
  const server = own === null ? Date.parse(response.headers.get("Date") ?? "") + 500 : Date.parse(own);
  if (!Number.isNaN(server)) clock.learn(server, sent, received);
}

export function createApi(parts: ApiParts) {
  async function once(method: Method, path: string, options: RequestOptions): Promise<Response> {
    const ownLimit = AbortSignal.timeout(options.timeout ?? 15_000);
    const signal = options.signal === undefined ? ownLimit : anyOf(options.signal, ownLimit);
    const sent = Date.now();
    try {
      const headers = headersOf(method, options, parts);
      const response = await parts.fetch(addressOf(path, options.query), { method, headers, body: bodyOf(options.body), signal });
      learnTime(parts.clock, response, sent, Date.now());
      return response;
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      if (ownLimit.aborted) throw new Unreachable("timeout");
      throw new Unreachable(parts.isOnline() ? "network" : "offline");
    }
  }

  /** Only reading is tried again by itself: a second write might be a second booking. */
  async function patiently(method: Method, path: string, options: RequestOptions): Promise<Response> {
    for (let attempt = 1; ; attempt += 1) {
      const last = method !== "GET" || attempt === TRIES;
      try {
        const response = await once(method, path, options);
        if (last || !BUSY.has(response.status)) return response;
      } catch (error) {
        if (last || !(error instanceof Unreachable) || error.reason === "offline") throw error;
      }
      await parts.wait(300 * 3 ** (attempt - 1));
    }
  }

  async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await patiently(method, path, options);
    const body = await jsonOf(response);
    // The types of answers are generated from the server's own description.
    if (response.ok) return body as T;
    if (response.status === 401) parts.onSignedOut();
    throw problemOf(response.status, body);
  }

  /** An endpoint by its name in the server's own description: types of what goes in and comes out. */
  function call<Name extends keyof Endpoints>(name: Name, given: Given<Endpoints[Name]>): Promise<Endpoints[Name]["answer"]> {
    const [method = "GET", pattern = ""] = name.split(" ");
    const { params, query, ...options } = given as RequestOptions & { params?: Record<string, string> };
    const path = pattern.replace(/\{(\w+)\}/g, (_, place: string) => encodeURIComponent(params?.[place] ?? ""));
    return request(method as Method, path, { ...options, ...(query === undefined ? {} : { query }) });
  }

  return {
    call,
    get: <T>(path: string, query?: Query, signal?: AbortSignal) =>
      request<T>("GET", path, { ...(query === undefined ? {} : { query }), signal }),
    post: <T>(path: string, body?: unknown, options: RequestOptions = {}) => request<T>("POST", path, { ...options, body }),
    put: <T>(path: string, body?: unknown, options: RequestOptions = {}) => request<T>("PUT", path, { ...options, body }),
    patch: <T>(path: string, body?: unknown, options: RequestOptions = {}) => request<T>("PATCH", path, { ...options, body }),
    delete: <T>(path: string, options: RequestOptions = {}) => request<T>("DELETE", path, options),
  };
}

function anyOf(first: AbortSignal, second: AbortSignal): AbortSignal {
  const both = new AbortController();
  for (const signal of [first, second]) {
    if (signal.aborted) both.abort(signal.reason);
    else signal.addEventListener("abort", () => both.abort(signal.reason), { once: true, signal: both.signal });
  }
  return both.signal;
}

export type Api = ReturnType<typeof createApi>;
export const apiKey: InjectionKey<Api> = Symbol("api");

export function useApi(): Api {
  const api = inject(apiKey);
  if (api === undefined) throw new Error("the interface to the server is provided by main.ts");
  return api;
}

/** A random key; randomUUID is missing where the page came without TLS. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
