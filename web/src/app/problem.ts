/** What can go wrong between this page and the server, as values a screen can show. */

export interface FieldError {
  readonly field: string;
  readonly code: string;
  readonly message: string;
}

/** The server answered and said no: an RFC 9457 problem. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string | null,
    readonly errors: readonly FieldError[],
    /** What helps to go on, such as the alternatives to a slot that was just taken. */
    readonly details: Readonly<Record<string, unknown>>,
    /** Seconds to wait before another try makes sense. */
    readonly retryAfter: number | null,
    /** What the office needs to find this in its logs. */
    readonly requestId: string | null,
  ) {
    super(detail ?? title);
  }

  errorOf(field: string): string | undefined {
    return this.errors.find((error) => error.field === field)?.message;
  }
}

/** No answer came: the network, the server or the time ran out. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";

  constructor(readonly reason: "offline" | "network" | "timeout") {
    super(reason);
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === "string" ? value : otherwise;
}

function fieldErrorOf(value: unknown): FieldError[] {
  if (!isRecord(value)) return [];
  return [{ field: textOr(value["field"], ""), code: textOr(value["code"], ""), message: textOr(value["message"], "") }];
}

/** Reads a problem document; anything else becomes one without words, so that the screen uses its own. */
export function problemOf(status: number, body: unknown): Problem {
  const given = isRecord(body) ? body : {};
  const { errors, details, retry_after: retryAfter } = given;
  return new Problem(
    status,
    textOr(given["code"], "unexpected"),
    textOr(given["title"], ""),
    textOr(given["detail"], null),
    Array.isArray(errors) ? errors.flatMap(fieldErrorOf) : [],
    isRecord(details) ? details : {},
    typeof retryAfter === "number" ? retryAfter : null,
    textOr(given["request_id"], null),
  );
}
