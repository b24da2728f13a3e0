/** Whether what was typed can be right at all. The server checks again. */

/** Digits as people type them: full-width, with spaces and dashes. */
export function digitsOf(text: string): string {
  return text.normalize("NFKC").replace(/[\s-]/g, "").replace(/^\+?86(?=1\d{10}$)/, "");
}

/** A mobile number of the mainland. */
export function isMobile(text: string): boolean {
  return /^1[3-9]\d{9}$/.test(digitsOf(text));
}

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = "10X98765432";

/** A citizen's number of 18 characters: a date of birth and a check character (GB 11643). */
export function isIdNumber(text: string): boolean {
  const number = digitsOf(text).toUpperCase();
  if (!/^\d{17}[\dX]$/.test(number)) return false;
  const [year, month, day] = [number.slice(6, 10), number.slice(10, 12), number.slice(12, 14)].map(Number) as [number, number, number];
  const born = new Date(Date.UTC(year, month - 1, day));
  if (born.getUTCMonth() !== month - 1 || born.getUTCDate() !== day) return false;
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(number[index]), 0);
  return CHECKS[sum % 11] === number[17];
}

/** Looks like an address of electronic mail. */
export function isEmail(text: string): boolean {
  return /^[^\s@]{1,64}@[^\s@]{1,180}\.[^\s@]{2,}$/.test(text.trim());
}
