/** Saves a file that the server makes, without leaving the page. */

import { problemOf, Unreachable } from "@/app/problem";
import { onScopeDispose } from "vue";

function nameOf(response: Response): string {
  const said = /filename\*=UTF-8''([^;]+)/.exec(response.headers.get("Content-Disposition") ?? "");
  return said?.[1] === undefined ? "download" : decodeURIComponent(said[1]);
}

async function fetchFile(address: string, signal: AbortSignal): Promise<Response> {
  try {
    return await fetch(address, { signal, headers: { "Accept-Language": document.documentElement.lang } });
  } catch {
    throw new Unreachable(navigator.onLine ? "network" : "offline");
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return undefined;
  }
}

export function useDownload(): (address: string) => Promise<void> {
  const gone = new AbortController();
  onScopeDispose(() => gone.abort());

  return async (address) => {
    const response = await fetchFile(address, gone.signal);
    if (!response.ok) throw problemOf(response.status, await bodyOf(response));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = nameOf(response);
    link.click();
    // The browser has its own hold on the bytes once the click is through.
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
}
