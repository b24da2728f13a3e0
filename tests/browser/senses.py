"""What a page really shows and plays: pictures that are decoded and move, voices with energy."""

import asyncio

from playwright.async_api import Page

from tests.browser.patience import PATIENCE

# What is drawn was decoded; Firefox counts no frames of a live stream, so what it shows decides.
SEES = """async ([names, seconds]) => {
  const tile = (name) => [...document.querySelectorAll('figure.tile:not(.own)')]
    .find((one) => one.querySelector('.name')?.textContent.trim() === name);
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [64, 36];
  const pen = canvas.getContext('2d', { willReadFrequently: true });
  const look = (video) => {
    pen.drawImage(video, 0, 0, 64, 36);
    return pen.getImageData(0, 0, 64, 36).data;
  };
  const differ = (one, other) => one.some((value, at) => Math.abs(value - other[at]) > 24);
  const first = new Map(), moving = new Set();
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    for (const name of names) {
      const video = tile(name)?.querySelector('video');
      if (!video || video.videoWidth === 0) continue;
      if (!first.has(name)) first.set(name, look(video));
      else if (differ(first.get(name), look(video))) moving.add(name);
    }
    if (names.every((name) => moving.has(name))) return [];
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return names.filter((name) => !moving.has(name));
}"""

# Before the page's own scripts: its connections are remembered, to be asked what they receive.
EARS = """(() => {
  const legs = (window.legsOfThisPage = []);
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(...given) { super(...given); legs.push(this); }
  };
})()"""

# Energy of the decoded sound, by voice: silence has none.
HEARS = """async ([voices, seconds]) => {
  const energies = async () => {
    const found = new Map();
    for (const [at, leg] of window.legsOfThisPage.entries()) {
      if (leg.connectionState === 'closed') continue;
      for (const report of (await leg.getStats()).values()) {
        if (report.type !== 'inbound-rtp' || report.kind !== 'audio') continue;
        found.set(`${at} ${report.ssrc}`, report.totalAudioEnergy ?? 0);
      }
    }
    return found;
  };
  const first = await energies();
  const until = performance.now() + seconds * 1000;
  let heard = 0;
  while (performance.now() < until && heard < voices) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    const now = [...(await energies()).entries()];
    heard = now.filter(([voice, energy]) => energy > (first.get(voice) ?? 0) + 1e-6).length;
  }
  return heard;
}"""

# Of all pictures that came since the page was loaded.
FRAMES = """async () => {
  let frames = 0;
  for (const leg of window.legsOfThisPage)
    for (const report of (await leg.getStats()).values())
      if (report.type === 'inbound-rtp' && report.kind === 'video') frames += report.framesDecoded;
  return frames;
}"""

# Not one frame and not one voice of anybody else.
DARK = """() => [...document.querySelectorAll('figure.tile:not(.own) video, audio[data-member]')]
  .every((player) => player.srcObject === null)"""


async def sees(page: Page, *names: str, within: float = PATIENCE) -> None:
    """Everybody named is seen moving."""
    async with asyncio.timeout(2 * within):
        missing = await page.evaluate(SEES, [list(names), within])
    assert missing == [], f"no moving picture of {missing} within {within} s"


async def hears(page: Page, voices: int, *, within: float = PATIENCE) -> None:
    """That many voices of others are played, with sound in them."""
    async with asyncio.timeout(2 * within):
        heard = await page.evaluate(HEARS, [voices, within])
    assert heard >= voices, f"{heard} of {voices} voices within {within} s"


async def frames(page: Page) -> int:
    return int(await page.evaluate(FRAMES))


async def is_dark_and_silent(page: Page) -> None:
    await page.wait_for_function(DARK)


async def speaks(page: Page, name: str, *, within: float = PATIENCE) -> None:
    """The page marks this person as the one who speaks."""
    speaking = page.locator("figure.tile.speaking:not(.own) .name")
    await speaking.filter(has_text=name).first.wait_for(timeout=within * 1000)
