import { describe, expect, test } from "vitest";
import { createApp, defineComponent, h, provide } from "vue";
import { createTexts } from "./i18n";
import type { Locale } from "./preferences";
import { addDays, dateOf, daysBetween, dialKey, distance, isMorning, lastDayOf, momentOf, mondayOf, startOf, useTimes, type Dial } from "./time";

const HALF_PAST_NINE = "2026-08-04T01:30:00Z";

async function timesIn(locale: Locale, dial: Dial): Promise<ReturnType<typeof useTimes>> {
  const texts = createTexts("zh-CN");
  await texts.change(locale);
  const found: ReturnType<typeof useTimes>[] = [];
  const inner = defineComponent(() => {
    found.push(useTimes());
    return () => h("p");
  });
  const outer = defineComponent(() => {
    provide(dialKey, dial);
    return () => h(inner);
  });
  createApp(outer).use(texts.plugin).mount(document.createElement("div"));
  const [times] = found;
  if (times === undefined) throw new Error("not mounted");
  return times;
}

describe("the calendar of China", () => {
  test("momentOf reads the clock of China on any device", () => {
    expect(momentOf("2026-12-31T16:05:00Z")).toEqual({ year: 2027, month: 1, day: 1, weekday: 5, hour: 0, minute: 5 });
  });

  test("dateOf changes at midnight in China", () => {
    expect([dateOf("2026-08-03T15:59:59Z"), dateOf("2026-08-03T16:00:00Z")]).toEqual(["2026-08-03", "2026-08-04"]);
  });

  test("addDays crosses months and leap days", () => {
    expect([addDays("2028-02-28", 1), addDays("2026-12-31", 1), addDays("2026-03-01", -1)]).toEqual(["2028-02-29", "2027-01-01", "2026-02-28"]);
  });

  test("mondayOf puts Sunday at the end of the week", () => {
    expect([mondayOf("2026-08-03"), mondayOf("2026-08-09"), mondayOf("2026-08-10")]).toEqual(["2026-08-03", "2026-08-03", "2026-08-10"]);
  });

  test("daysBetween counts calendar days, not hours", () => {
    expect(daysBetween("2026-08-03T15:00:00Z", "2026-08-03T16:30:00Z")).toBe(1);
  });

  test("isMorning ends at noon", () => {
    expect([isMorning("2026-08-04T03:59:00Z"), isMorning("2026-08-04T04:00:00Z")]).toEqual([true, false]);
  });
});

test("what is due at midnight is due on the day before it", () => {
  expect(dateOf(lastDayOf("2026-12-05T16:00:00Z"))).toBe("2026-12-05");
  expect(dateOf(lastDayOf("2026-12-05T16:00:01Z"))).toBe("2026-12-06");
});

describe("distance", () => {
  const now = startOf("2026-08-03") + 10 * 3_600_000;

  test.each([
    [now + 12 * 60_000, [12, "minute"]],
    [now - 5 * 60_000, [-5, "minute"]],
    [now + 3 * 3_600_000, [3, "hour"]],
    [startOf("2026-08-04") + 9 * 3_600_000, [1, "day"]],
    [startOf("2026-08-10"), [7, "day"]],
  ])("of %s is told in the largest fitting unit", (instant, expected) => {
    expect(distance(instant, now)).toEqual(expected);
  });
});

/** As it is read: the spaces at which no line may break are spaces too. */
function read(text: string): string {
  return text.replaceAll("\u2060", "").replaceAll("\u00a0", " ");
}

describe("spoken times", () => {
  test("a line never breaks within a time of day or a date", async () => {
    const times = await timesIn("zh-CN", "twelve");
    expect(times.moment(HALF_PAST_NINE).split(" ")).toEqual(["8\u00a0月\u00a04\u00a0日", "周二", "上\u2060午\u00a09:30"]);
  });

  test("residents read the half of the day", async () => {
    const times = await timesIn("zh-CN", "twelve");
    expect(read(times.moment(HALF_PAST_NINE))).toBe("8 月 4 日 周二 上午 9:30");
    expect(read(times.clock("2026-08-04T04:30:00Z"))).toBe("中午 12:30");
    expect(read(times.clock("2026-08-04T06:05:00Z"))).toBe("下午 2:05");
  });

  test("a half of the day that both ends share is said once", async () => {
    const ends = ["2026-08-04T03:30:00Z", "2026-08-04T06:00:00Z"];
    const [chinese, english] = [await timesIn("zh-CN", "twelve"), await timesIn("en", "twelve")];
    expect(ends.map((end) => read(chinese.span(HALF_PAST_NINE, end)))).toEqual(["上午 9:30 – 11:30", "上午 9:30 – 下午 2:00"]);
    expect(read(english.span(HALF_PAST_NINE, ends[0] ?? ""))).toBe("9:30 – 11:30 am");
  });

  test("staff read the 24-hour clock", async () => {
    const times = await timesIn("zh-CN", "twenty-four");
    expect(read(times.moment(HALF_PAST_NINE))).toBe("8 月 4 日 周二 09:30");
    expect(read(times.span(HALF_PAST_NINE, "2026-08-04T06:00:00Z"))).toBe("09:30 – 14:00");
  });

  test("English names the same time", async () => {
    const times = await timesIn("en", "twelve");
    expect(read(times.moment(HALF_PAST_NINE))).toBe("Tue 4 Aug, 9:30 am");
  });

  test("a distance is set like all other times", async () => {
    const now = Date.parse(HALF_PAST_NINE);
    const [chinese, english] = [await timesIn("zh-CN", "twelve"), await timesIn("en", "twelve")];
    expect(chinese.relative(now + 600_000, now)).toBe("10 分钟后");
    expect(english.relative(now + 600_000, now)).toBe("in 10 minutes");
  });

  test("a duration shows its two largest units", async () => {
    const times = await timesIn("zh-CN", "twelve");
    expect([45_000, 754_000, 3_900_000, 90_000_000, 86_400_000].map((length) => times.duration(length))).toEqual([
      "45 秒",
      "12 分 34 秒",
      "1 小时 5 分",
      "1 天 1 小时",
      "1 天",
    ]);
  });
});
