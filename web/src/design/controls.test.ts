import { mount, type VueWrapper } from "@vue/test-utils";
import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { defineComponent, h, nextTick, ref } from "vue";
import { clockKey, createServerClock } from "@/app/clock";
import { createTexts } from "@/app/i18n";
import type { ChipSlot } from "./models";
import { useToasts } from "./toasts";
import YButton from "./YButton.vue";
import YCodeInput from "./YCodeInput.vue";
import YCountdown from "./YCountdown.vue";
import YDateStrip from "./YDateStrip.vue";
import YField from "./YField.vue";
import YFilePicker from "./YFilePicker.vue";
import YInput from "./YInput.vue";
import YSheet from "./YSheet.vue";
import YTextarea from "./YTextarea.vue";
import YTimeChips from "./YTimeChips.vue";

const NOON = Date.parse("2026-08-04T04:00:00Z");
const opened: VueWrapper[] = [];

function show(render: () => ReturnType<typeof h>): VueWrapper {
  const texts = createTexts("zh-CN");
  const global = { plugins: [texts.plugin], provide: { [clockKey as symbol]: createServerClock() } };
  const wrapper = mount(defineComponent(() => render), { global, attachTo: document.body });
  opened.push(wrapper);
  return wrapper;
}

beforeEach(() => void vi.useFakeTimers({ now: NOON }));
afterEach(() => {
  for (const wrapper of opened.splice(0)) wrapper.unmount();
  vi.useRealTimers();
});

test("a field names its control and reads help and error with it", () => {
  const wrapper = show(() =>
    h(YField, { label: "手机号码", help: "用来收结果", error: "请填 11 位数字" }, () => h(YInput, { modelValue: "138" })),
  );
  const input = wrapper.get("input");
  expect(wrapper.get("label").attributes("for")).toBe(input.attributes("id"));
  const described = (input.attributes("aria-describedby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent);
  expect(described).toEqual(["用来收结果", "请填 11 位数字"]);
  expect([input.attributes("aria-invalid"), input.attributes("aria-required")]).toEqual(["true", "true"]);
  expect((input.element as HTMLInputElement).value).toBe("138");
});

test("a field without an error says nothing about one", () => {
  const wrapper = show(() => h(YField, { label: "电子邮箱", optional: true }, () => h(YInput, { modelValue: "" })));
  const input = wrapper.get("input");
  expect(["aria-invalid", "aria-describedby", "aria-required"].map((name) => input.attributes(name))).toEqual([undefined, undefined, undefined]);
});

test("a long text counts characters as people do", () => {
  const wrapper = show(() => h(YTextarea, { modelValue: "电梯坏了😀", limit: 4 }));
  expect(wrapper.get("[aria-live]").text()).toBe("多了 1 字");
});

test("a busy button takes no second press", async () => {
  const busy = ref(false);
  const presses: boolean[] = [];
  const wrapper = show(() => h(YButton, { busy: busy.value, onPress: () => presses.push(busy.value) }, () => "提交"));
  await wrapper.get("button").trigger("click");
  busy.value = true;
  await nextTick();
  await wrapper.get("button").trigger("click");
  expect(presses).toEqual([false]);
});

test("a code keeps its digits however it is pasted and says when it is whole", async () => {
  const code = ref("");
  const whole: string[] = [];
  const wrapper = show(() =>
    h(YCodeInput, { modelValue: code.value, "onUpdate:modelValue": (value: string) => (code.value = value), onComplete: (value: string) => whole.push(value) }),
  );
  await wrapper.get("input").setValue("４０２-9");
  expect([code.value, whole]).toEqual(["4029", []]);
  await wrapper.get("input").setValue("【云调】402 913，5 分钟");
  expect([code.value, whole]).toEqual(["402913", ["402913"]]);
});

test("a refused code stays: a tap takes one digit of it", async () => {
  const code = ref("");
  const wrapper = show(() => h(YCodeInput, { modelValue: code.value, "onUpdate:modelValue": (value: string) => (code.value = value) }));
  const field = wrapper.get("input");
  await field.setValue("402913");
  await wrapper.getComponent(YCodeInput).vm.select();
  expect([field.element.value, field.element.selectionStart, field.element.selectionEnd]).toEqual(["402913", 0, 6]);
  wrapper.findAll(".box").forEach((box, place) => (box.element.getBoundingClientRect = () => new DOMRect(place * 50, 0, 48, 48)));
  await field.trigger("click", { clientX: 120 });
  expect([field.element.selectionStart, field.element.selectionEnd]).toEqual([2, 3]);
  expect(wrapper.findAll(".marked").map((box) => box.text())).toEqual(["2"]);
});

test("the week opens at the first free day and offers only days there are", () => {
  const wrapper = show(() =>
    h(YDateStrip, {
      label: "选日期",
      today: "2026-08-04",
      modelValue: null,
      days: [
        { date: "2026-08-06", state: "full" },
        { date: "2026-08-11", state: "free", note: "余 3" },
      ],
    }),
  );
  const inputs = wrapper.findAll("input");
  expect(inputs.map((input) => input.attributes("value"))).toEqual([10, 11, 12, 13, 14, 15, 16].map((day) => `2026-08-${day}`));
  expect(inputs.filter((input) => input.attributes("disabled") === undefined).map((input) => input.attributes("aria-label"))).toEqual(["8\u00a0月\u00a011\u00a0日 周二 余 3"]);
  expect(wrapper.findAll("button").map((button) => button.attributes("disabled") !== undefined)).toEqual([false, true]);
});

const WEEKS = [
  { date: "2026-08-04", state: "free" },
  { date: "2026-08-12", state: "full" },
  { date: "2026-08-20", state: "free" },
] as const;

test("another week chooses its first free day, and where it has none says which day has", async () => {
  const date = ref<string | null>("2026-08-04");
  const wrapper = show(() =>
    h(YDateStrip, { label: "选日期", today: "2026-08-04", days: WEEKS, modelValue: date.value, "onUpdate:modelValue": (value: string | null) => (date.value = value) }),
  );
  expect(wrapper.find('[role="status"]').exists()).toBe(false);
  await wrapper.get('[aria-label="后一周"]').trigger("click");
  expect(date.value).toBeNull();
  expect(wrapper.get('[role="status"]').text()).toContain("这一周没有能约的时间");
  await wrapper.get('[role="status"] button').trigger("click");
  expect(date.value).toBe("2026-08-20");
  expect(wrapper.find('[role="status"]').exists()).toBe(false);
  await wrapper.get('[aria-label="前一周"]').trigger("click");
  await wrapper.get('[aria-label="前一周"]').trigger("click");
  expect(date.value).toBe("2026-08-04");
});

const SLOTS: ChipSlot[] = [
  { id: "a", start: "2026-08-04T01:30:00Z", state: "free" },
  { id: "b", start: "2026-08-04T02:00:00Z", state: "full" },
  { id: "c", start: "2026-08-04T06:00:00Z", state: "closed", reason: "领导有别的安排" },
];

test("times stand by half of the day and a missing one tells why", async () => {
  const waiting: string[] = [];
  const wrapper = show(() => h(YTimeChips, { label: "选时间", slots: SLOTS, waitlist: true, modelValue: null, onWaitlist: (slot: ChipSlot) => waiting.push(slot.id) }));
  expect(wrapper.findAll("h3").map((title) => title.text())).toEqual(["上午", "下午"]);
  const [full, closed] = wrapper.findAll("button");
  await closed?.trigger("click");
  expect(wrapper.get('[role="status"]').text()).toBe("领导有别的安排");
  await full?.trigger("click");
  await wrapper.get('[role="status"] button').trigger("click");
  expect(waiting).toEqual(["b"]);
});

test("files that cannot be taken are named with their reason, the others go on", async () => {
  const picked: string[] = [];
  const wrapper = show(() =>
    h(YFilePicker, {
      files: [],
      accept: "image/*,application/pdf",
      largest: 1000,
      most: 2,
      onPick: (files: File[]) => picked.push(...files.map((file) => file.name)),
    }),
  );
  const input = wrapper.findAll("input")[1];
  const files = [
    new File(["x"], "合同.pdf", { type: "application/pdf" }),
    new File(["x".repeat(1001)], "大.png", { type: "image/png" }),
    new File(["x"], "程序.exe", { type: "application/x-msdownload" }),
  ];
  Object.defineProperty(input?.element, "files", { value: files });
  await input?.trigger("change");
  expect(picked).toEqual(["合同.pdf"]);
  expect(wrapper.findAll('[role="alert"] p').map((line) => line.text().split(/[，。：]/)[0])).toEqual(["“大.png”有 0.1 MB", "“程序.exe”的格式打不开"]);
});

test("a countdown ends once", async () => {
  const over: number[] = [];
  const wrapper = show(() => h(YCountdown, { until: NOON + 65_000, onOver: () => over.push(Date.now()) }));
  expect(wrapper.get('[role="timer"]').text()).toBe("1 分 05 秒");
  await vi.advanceTimersByTimeAsync(70_000);
  expect([wrapper.get('[role="timer"]').text(), over.length]).toEqual(["0 秒", 1]);
});

test("a sheet opens as a modal dialog with its title and closes by value", async () => {
  const open = ref(false);
  const wrapper = show(() => h(YSheet, { title: "延长？", open: open.value, "onUpdate:open": (value: boolean) => (open.value = value) }, () => "内容"));
  const dialog = wrapper.get("dialog").element;
  expect(dialog.open).toBe(false);
  open.value = true;
  await nextTick();
  await nextTick();
  expect([dialog.open, document.getElementById(dialog.getAttribute("aria-labelledby") ?? "")?.textContent]).toEqual([true, "延长？"]);
  await wrapper.get("button").trigger("click");
  await nextTick();
  await nextTick();
  expect([open.value, dialog.open]).toEqual([false, false]);
});

test("a note can be undone while it is read, and goes by itself", async () => {
  setActivePinia(createPinia());
  const toasts = useToasts();
  const undone: string[] = [];
  toasts.show("已取消", () => undone.push("取消"));
  const [toast] = toasts.toasts;
  if (toast === undefined) throw new Error("nothing was shown");
  await vi.advanceTimersByTimeAsync(11_000);
  toasts.pause(toast.id);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(toasts.toasts.length).toBe(1);
  toasts.undo(toast);
  expect([undone, toasts.toasts.length]).toEqual([["取消"], 0]);
  toasts.show("已保存");
  await vi.advanceTimersByTimeAsync(6_000);
  expect(toasts.toasts).toEqual([]);
});
