/** Sends one file and says how far it is; fetch cannot tell that. */

import { problemOf, Unreachable } from "./problem";

export interface Upload<T> {
  readonly done: Promise<T>;
  cancel(): void;
}

export interface UploadOptions {
  readonly address: string;
  readonly file: File;
  readonly language: string;
  readonly idempotencyKey: string;
  readonly onProgress: (sent: number, total: number) => void;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function upload<T>({ address, file, language, idempotencyKey, onProgress }: UploadOptions): Upload<T> {
  const request = new XMLHttpRequest();
  const done = new Promise<T>((resolve, reject) => {
    request.open("POST", address);
    request.setRequestHeader("Accept-Language", language);
    request.setRequestHeader("X-Yuntiao", "1");
    request.setRequestHeader("Idempotency-Key", idempotencyKey);
    request.upload.onprogress = (event) => onProgress(event.loaded, event.lengthComputable ? event.total : file.size);
    request.onerror = () => reject(new Unreachable(navigator.onLine ? "network" : "offline"));
    request.onabort = () => reject(new DOMException("cancelled", "AbortError"));
    request.onload = () => {
      const body = parsed(request.responseText);
      if (request.status < 300) resolve(body as T);
      else reject(problemOf(request.status, body));
    };
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
  return { done, cancel: () => request.abort() };
}
