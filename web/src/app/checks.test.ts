import { expect, test } from "vitest";
import { digitsOf, isEmail, isIdNumber, isMobile } from "./checks";

test.each(["13800138000", "138 0013 8000", "138-0013-8000", "１３８００１３８０００", "+8613800138000"])("%s is a mobile number", (text) => {
  expect(isMobile(text)).toBe(true);
});

test.each(["12800138000", "1380013800", "138001380000", "0572-2222222", "", "1380013800a"])("%s is no mobile number", (text) => {
  expect(isMobile(text)).toBe(false);
});

test("digits lose what people put between them", () => {
  expect(digitsOf("+86 138-0013 8000")).toBe("13800138000");
});

// The example of GB 11643, and neighbours of it with one thing wrong.
test.each([
  ["11010519491231002X", true],
  ["11010519491231002x", true],
  ["110105194912310021", false],
  ["11010519491331002X", false],
  ["110105194902300025", false],
  ["11010519491231002", false],
  ["", false],
])("%s as an identity number is %s", (text, expected) => {
  expect(isIdNumber(text)).toBe(expected);
});

test.each([
  ["someone@example.com", true],
  ["someone@example", false],
  ["some one@example.com", false],
  ["@example.com", false],
])("%s as a mail address is %s", (text, expected) => {
  expect(isEmail(text)).toBe(expected);
});
