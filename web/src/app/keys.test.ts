import { effectScope } from "vue";
import { expect, test } from "vitest";
import { useKeys } from "./keys";

function pressed(keys: string, ...listeners: Record<string, () => void>[]): void {
  const scope = effectScope();
  scope.run(() => { for (const one of listeners) useKeys(one); });
  for (const key of keys) document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  scope.stop();
}

test("a key that follows g goes elsewhere and does nothing on the page", () => {
  const done: string[] = [];
  const shell = { "g c": () => void done.push("calendar") };
  const page = { c: () => void done.push("confirmed") };
  pressed("gc", shell, page);
  expect(done).toEqual(["calendar"]);
  pressed("c", shell, page); // the control
  expect(done).toEqual(["calendar", "confirmed"]);
});
