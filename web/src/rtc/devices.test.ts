import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { DeviceError, list, open, troubleOf, watchDevices, type Browser, type Trouble } from "./devices";
import { FakeStream, FakeTrack } from "./fake";

type Asked = MediaStreamConstraints;

class FakeMedia {
  readonly asked: Asked[] = [];
  devices: object[] = [];
  private listener: (() => void) | null = null;

  constructor(private readonly refuse: (asked: Asked) => string | null) {}

  getUserMedia = (asked: Asked): Promise<FakeStream> => {
    this.asked.push(asked);
    const name = this.refuse(asked);
    if (name !== null) return Promise.reject(Object.assign(new Error(name), { name }));
    const tracks = [
      ...(asked.audio === false ? [] : [new FakeTrack("audio", "mic")]),
      ...(asked.video === false ? [] : [new FakeTrack("video", "cam")]),
    ];
    return Promise.resolve(new FakeStream(tracks));
  };
  enumerateDevices = (): Promise<object[]> => Promise.resolve(this.devices);
  addEventListener = (_: string, listener: () => void): void => void (this.listener = listener);
  removeEventListener = (): void => void (this.listener = null);
  plug = (): void => this.listener?.();
}

function browserWith(media: FakeMedia, states: Record<string, string> | null = null): Browser {
  const query = ({ name }: { name: string }) => Promise.resolve({ state: states?.[name] });
  const permissions = states === null ? undefined : ({ query } as unknown as Permissions);
  return { secure: true, media: media as unknown as MediaDevices, permissions };
}

const both = { audio: true, video: true };
const kinds = (stream: MediaStream): string[] => stream.getTracks().map(({ kind }) => kind);

async function troubleWith(browser: Browser, wish = both): Promise<Trouble> {
  const error: unknown = await open(wish, browser).catch((reason: unknown) => reason);
  if (!(error instanceof DeviceError)) throw new Error("opened");
  return error.trouble;
}

beforeEach(() => vi.stubGlobal("MediaStream", FakeStream));
afterEach(() => vi.unstubAllGlobals());

test("camera and microphone are asked for once, at a modest size", async () => {
  const media = new FakeMedia(() => null);
  const { stream, missing } = await open(both, browserWith(media));
  expect(kinds(stream)).toEqual(["audio", "video"]);
  expect(missing).toEqual({});
  expect(media.asked).toHaveLength(1);
  expect(media.asked[0]).toMatchObject({ audio: { echoCancellation: true }, video: { width: { ideal: 640 } } });
});

test("without a camera the microphone still opens, and the reason is told", async () => {
  const media = new FakeMedia(({ video }) => (video === false ? null : "NotFoundError"));
  const { stream, missing } = await open(both, browserWith(media));
  expect(kinds(stream)).toEqual(["audio"]);
  expect(missing).toEqual({ video: "none" });
});

test("a busy camera leaves the microphone", async () => {
  const media = new FakeMedia(({ video }) => (video === false ? null : "NotReadableError"));
  expect((await open(both, browserWith(media))).missing).toEqual({ video: "busy" });
});

test("who refuses both is not asked again", async () => {
  const media = new FakeMedia(() => "NotAllowedError");
  expect(await troubleWith(browserWith(media, { camera: "denied", microphone: "denied" }))).toBe("refused");
  expect(await troubleWith(browserWith(media))).toBe("refused");
  expect(media.asked).toHaveLength(2);
});

test("who refused only the camera is heard", async () => {
  const media = new FakeMedia(({ video }) => (video === false ? null : "NotAllowedError"));
  const opened = await open(both, browserWith(media, { camera: "denied", microphone: "granted" }));
  expect(kinds(opened.stream)).toEqual(["audio"]);
  expect(opened.missing).toEqual({ video: "refused" });
});

test("no device at all has its own reason", async () => {
  expect(await troubleWith(browserWith(new FakeMedia(() => "NotFoundError")))).toBe("none");
});

test("a page that is not safe and a browser that cannot are told apart", async () => {
  expect(await troubleWith({ secure: false, media: undefined, permissions: undefined })).toBe("insecure");
  expect(await troubleWith({ secure: true, media: undefined, permissions: undefined })).toBe("unsupported");
});

test("a chosen camera that is gone is replaced by another", async () => {
  const media = new FakeMedia(({ video }) => (typeof video === "object" && "deviceId" in video ? "OverconstrainedError" : null));
  const { stream, missing } = await open({ ...both, camera: "gone" }, browserWith(media));
  expect(kinds(stream)).toEqual(["audio", "video"]);
  expect(missing).toEqual({});
  expect(media.asked[0]).toMatchObject({ video: { deviceId: { exact: "gone" } } });
});

test("devices are listed by what they are for, and changes are told until ended", async () => {
  const media = new FakeMedia(() => null);
  media.devices = [
    { deviceId: "1", kind: "videoinput", label: "front" },
    { deviceId: "2", kind: "audiooutput", label: "" },
  ];
  expect(await list(browserWith(media))).toEqual([
    { id: "1", kind: "camera", label: "front" },
    { id: "2", kind: "speaker", label: "" },
  ]);
  const changed = vi.fn();
  const end = watchDevices(changed, browserWith(media));
  media.plug();
  end();
  media.plug();
  expect(changed).toHaveBeenCalledTimes(1);
});

test.each([
  ["NotAllowedError", "refused"],
  ["NotFoundError", "none"],
  ["NotReadableError", "busy"],
  ["SecurityError", "insecure"],
  ["TypeError", "unsupported"],
])("%s is told as %s", (name, trouble) => {
  expect(troubleOf(Object.assign(new Error(name), { name }))).toBe(trouble);
});
