/** Where a person goes on after signing in. */

/** Only a page of ours: an address from outside must not borrow the sign-in's good name. */
export function nextAddress(wanted: unknown): string {
  const isOurs = typeof wanted === "string" && /^\/(staff|demo)(?:[/?#]|$)/.test(wanted) && !wanted.startsWith("/staff/sign-in");
  return isOurs ? wanted : "/staff";
}
