/** Phone and identity numbers: checked while they are typed, by the same rules as the server's. */

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = "10X98765432";

function plain(text: string): string {
  return text.normalize("NFKC").replace(/[\s\-()]/g, "");
}

/** Eleven digits of a mainland mobile number, or null. */
export function mobileOf(text: string): string | null {
  const digits = plain(text).replace(/^(\+|00)86/, "");
  return /^1[3-9]\d{9}$/.test(digits) ? digits : null;
}

/** A mobile or a landline number that can be called, or null. */
export function telephoneOf(text: string): string | null {
  const mobile = mobileOf(text);
  if (mobile !== null) return mobile;
  return /^(0\d{2,3})?[2-8]\d{6,7}$/.test(plain(text)) ? plain(text) : null;
}

export type IdFault = "length" | "birthday" | "check";

function isRealDay(digits: string): boolean {
  const [year, month, day] = [Number(digits.slice(0, 4)), Number(digits.slice(4, 6)), Number(digits.slice(6, 8))];
  const date = new Date(Date.UTC(year, month - 1, day));
  return year >= 1850 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getTime() < Date.now();
}

/** What is wrong with an identity number (GB 11643, check character by ISO 7064 MOD 11-2); null when nothing is. */
export function idFault(text: string): IdFault | null {
  const number = plain(text).toUpperCase();
  if (!/^[1-9]\d{16}[\dX]$/.test(number)) return "length";
  if (!isRealDay(number.slice(6, 14))) return "birthday";
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(number[place]), 0);
  return CHECKS[sum % 11] === number[17] ? null : "check";
}

export function idNumberOf(text: string): string {
  return plain(text).toUpperCase();
}

/** 139****0001: enough to know one's own number again. */
export function maskedMobile(number: string): string {
  return number.replace(/^(\d{3})\d+(\d{4})$/, "$1****$2");
}

/** A long number in groups of four, as it is read out. */
export function grouped(number: string): string {
  return number.replace(/\B(?=(\d{4})+$)/g, " ");
}

export function isEmail(text: string): boolean {
  return text.length <= 254 && /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$/.test(text);
}
