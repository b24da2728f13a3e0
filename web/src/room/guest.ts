/** The interface to the server as the holder of a personal link sees it. */

import type { Api } from "@/app/api";
import { useLinkApi } from "@/app/link";

export function useGuestApi(token: string): Api {
  return useLinkApi("X-Invitation", token);
}
