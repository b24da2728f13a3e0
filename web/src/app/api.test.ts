import { expect, test } from "vitest";
import { addressOf, createApi, type Api } from "./api";
import { createServerClock } from "./clock";
import { Problem, Unreachable } from "./problem";

type Answer = Response | Error;

interface Ground {
  readonly api: Api;
  readonly seen: Request[];
  readonly waits: number[];
  signedOut: number;
}

function ground(...answers: Answer[]): Ground {
  const result: Ground = {
    seen: [],
    waits: [],
    signedOut: 0,
    api: createApi({
      fetch: (input, init) => {
        result.seen.push(new Request(new URL(input as string, "https://centre.example"), { ...init, signal: null }));
        const answer = answers.shift() ?? new Response("{}");
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      clock: createServerClock(),
      newKey: () => `key-${result.seen.length}`,
      wait: (milliseconds) => {
        result.waits.push(milliseconds);
        return Promise.resolve();
      },
      isOnline: () => true,
      language: () => "zh-CN",
      onSignedOut: () => (result.signedOut += 1),
    }),
  };
  return result;
}

function problem(status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/problem+json" } });
}

test("a write carries what another site cannot send, and its own key", async () => {
  const { api, seen } = ground(new Response(null, { status: 204 }));
  expect(await api.post("/api/holds", { slot_id: "a" })).toBeUndefined();
  const [request] = seen;
  expect(request?.headers.get("X-Yuntiao")).toBe("1");
  expect(request?.headers.get("Idempotency-Key")).toBe("key-0");
  expect(await request?.json()).toEqual({ slot_id: "a" });
});

test("a read carries neither", async () => {
  const { api, seen } = ground(new Response("[]"));
  expect(await api.get("/api/days")).toEqual([]);
  expect(seen[0]?.headers.has("X-Yuntiao")).toBe(false);
  expect(seen[0]?.headers.has("Idempotency-Key")).toBe(false);
});

test("the key of a write can be given, so that a second try is the same write", async () => {
  const { api, seen } = ground();
  await api.post("/api/appointments", {}, { idempotencyKey: "the-booking" });
  expect(seen[0]?.headers.get("Idempotency-Key")).toBe("the-booking");
});

test("a read is tried three times", async () => {
  const { api, seen, waits } = ground(new TypeError("reset"), new Response("", { status: 503 }), new Response("[1]"));
  expect(await api.get("/api/days")).toEqual([1]);
  expect([seen.length, waits]).toEqual([3, [300, 900]]);
});

test("a write is never tried again by itself", async () => {
  const { api, seen } = ground(new TypeError("reset"), new Response("{}"));
  await expect(api.post("/api/holds", {})).rejects.toEqual(new Unreachable("network"));
  expect(seen.length).toBe(1);
});

test("a problem tells its fields and what helps to go on", async () => {
  const { api } = ground(
    problem(409, {
      code: "slot_taken",
      title: "这个时间刚被别人约走了",
      errors: [{ field: "slot_id", code: "slot_taken", message: "请换一个时间" }],
      details: { alternatives: ["b", "c", "d"] },
      request_id: "r1",
    }),
  );
  const error: unknown = await api.post("/api/holds", {}).catch((caught: unknown) => caught);
  if (!(error instanceof Problem)) throw new Error("not a problem");
  expect([error.status, error.code, error.message, error.requestId]).toEqual([409, "slot_taken", "这个时间刚被别人约走了", "r1"]);
  expect(error.errorOf("slot_id")).toBe("请换一个时间");
  expect(error.details).toEqual({ alternatives: ["b", "c", "d"] });
});

test("an answer that is no problem document is still a problem", async () => {
  const { api } = ground(new Response("<html>", { status: 413 }));
  await expect(api.post("/api/papers", {})).rejects.toMatchObject({ status: 413, code: "unexpected", title: "" });
});

test("only 401 says that nobody is signed in", async () => {
  const told = ground(problem(401, { code: "not_signed_in" }), problem(403, { code: "forbidden" }));
  await expect(told.api.get("/api/me")).rejects.toBeInstanceOf(Problem);
  expect(told.signedOut).toBe(1);
  await expect(told.api.get("/api/me")).rejects.toBeInstanceOf(Problem);
  expect(told.signedOut).toBe(1);
});

test("a request that was called off stays called off", async () => {
  const { api, seen } = ground(new DOMException("stop", "AbortError"));
  await expect(api.get("/api/days", {}, AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
  expect(seen.length).toBe(1);
});

test("an address leaves out what is not set and repeats what is many", () => {
  expect(addressOf("/api/days", { topic: "住房", unit: null, way: ["site", "phone"], page: 2 })).toBe(
    "/api/days?topic=%E4%BD%8F%E6%88%BF&way=site&way=phone&page=2",
  );
  expect(addressOf("/api/days", {})).toBe("/api/days");
});
