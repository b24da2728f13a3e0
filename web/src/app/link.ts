/** The interface to the server as the holder of a link sees it: the link's token goes with each request. */

import { createApi, newKey, type Api } from "./api";
import { useClock } from "./clock";

export function useLinkApi(header: "X-Invitation" | "X-Ask", token: string): Api {
  return createApi({
    fetch: (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set(header, token);
      return fetch(input, { ...init, headers });
    },
    clock: useClock(),
    newKey,
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    isOnline: () => navigator.onLine,
    language: () => document.documentElement.lang,
    // A link is not signed in: a refused one has a screen of its own.
    onSignedOut: () => undefined,
  });
}
