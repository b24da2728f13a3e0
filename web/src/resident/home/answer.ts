/** The home page's one answer, asked for while the way to the page is still being found. */

import { defineStore } from "pinia";
import type { HomeView } from "@/api/schema.gen";
import { useApi } from "@/app/api";
import { useCentre } from "@/app/centre";
import { useSession } from "@/app/session";

/** An answer that comes sooner is shown at once; a later one finds the page already there. */
const PATIENCE = 400;

export const useHome = defineStore("home", () => {
  const api = useApi();
  const session = useSession();
  const centre = useCentre();
  let asked: Promise<HomeView> | null = null;

  async function ask(): Promise<HomeView> {
    const home = await api.call("GET /api/home", {});
    session.begin(home.me);
    centre.centre = home.centre;
    return home;
  }

  /** Asks, and waits for the answer a little. */
  async function prepare(): Promise<void> {
    const answer = (asked = ask());
    const enough = new Promise((resolve) => setTimeout(resolve, PATIENCE));
    // What failed is told by the page, which takes the same answer.
    await Promise.race([answer.catch(() => undefined), enough]);
  }

  /** The answer that was asked for before, once; then a new one each time. */
  function take(): Promise<HomeView> {
    const answer = asked ?? ask();
    asked = null;
    return answer;
  }

  return { prepare, take };
});
