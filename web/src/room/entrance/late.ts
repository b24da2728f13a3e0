/** The seat's own code, which the first steps of the way do without. */

import { defineAsyncComponent } from "vue";

const SOON = 1_000;
const TRIES = 4;

/** Fetches it ahead of its time; what fails now is tried again when it is needed. */
export function fetchSeat(): void {
  import("./LiveSeat.vue").catch(() => undefined);
}

/** On a poor line it is asked for until it comes; some browsers keep a failure until the page is loaded again. */
export const LateSeat = defineAsyncComponent({
  loader: () => import("./LiveSeat.vue"),
  onError: (_, retry, __, tries) => {
    if (tries > TRIES && navigator.onLine) location.reload();
    else setTimeout(retry, SOON);
  },
});
