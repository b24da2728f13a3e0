import { expect, test } from "vitest";
import { calendarFacts, partsOf } from "./messages";

test("addresses become links, those of this site by their path", () => {
  expect(partsOf("Open http://127.0.0.1:8080/i/abc, or see https://example.com/x.", "http://127.0.0.1:8080")).toEqual([
    { text: "Open " },
    { text: "http://127.0.0.1:8080/i/abc", href: "/i/abc" },
    { text: ", or see " },
    { text: "https://example.com/x", href: "https://example.com/x" },
    { text: "." },
  ]);
});

test("Chinese punctuation ends an address", () => {
  expect(partsOf("http://a.cn/i/x。", "http://a.cn")).toEqual([{ text: "http://a.cn/i/x", href: "/i/x" }, { text: "。" }]);
});

test("a text without an address is one part", () => {
  expect(partsOf("482913", "http://a.cn")).toEqual([{ text: "482913" }]);
});

test("a calendar object says what it does, folded lines put together", () => {
  const calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSEQUENCE:2\r\nSUMMARY;LANGUAGE=zh-CN:Video\r\n  meeting\\, room 1\r\nEND:VEVENT\r\nEND:VCALENDAR";
  expect(calendarFacts(calendar)).toEqual({ method: "REQUEST", sequence: "2", summary: "Video meeting, room 1" });
});
