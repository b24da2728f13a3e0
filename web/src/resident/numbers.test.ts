import { describe, expect, test } from "vitest";
import { grouped, idFault, isEmail, maskedMobile, mobileOf, telephoneOf } from "./numbers";

test("a mobile number is found however it is written", () => {
  expect(["139 0000 0001", "+86-13900000001", "008613900000001", "１３９００００００００１", "12900000001", "1390000000"].map(mobileOf)).toEqual([
    "13900000001",
    "13900000001",
    "13900000001",
    null,
    null,
    null,
  ]);
});

test("full-width digits count as digits", () => {
  expect(mobileOf("１３９００００００００１".slice(0, 11))).toBe("13900000000");
});

test("a landline can be called too", () => {
  expect(["0572-2280000", "2280000", "110", "13900000001"].map(telephoneOf)).toEqual(["05722280000", "2280000", null, "13900000001"]);
});

describe("an identity number", () => {
  test.each([
    ["11010519491231002X", null],
    ["11010519491231002x", null],
    ["110105 19491231 002X", null],
    ["110105194912310021", "check"],
    ["110105194902310025", "birthday"],
    ["110105299912310020", "birthday"],
    ["1101051949123100", "length"],
    ["", "length"],
  ])("%s has the fault %s", (text, fault) => expect(idFault(text)).toBe(fault));
});

test("a masked number shows how it begins and ends", () => {
  expect(maskedMobile("13900000001")).toBe("139****0001");
});

test("a long number is read out in groups of four", () => {
  expect(["182459546471", "12345", "1234", "YT-7"].map(grouped)).toEqual(["1824 5954 6471", "1 2345", "1234", "YT-7"]);
});

test("an e-mail address needs a host with a dot", () => {
  expect(["a@b.cn", "a.b+c@mail.example.com", "a@b", "a b@c.cn", "@c.cn"].map(isEmail)).toEqual([true, true, false, false, false]);
});
