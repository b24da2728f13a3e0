"""axe on a page as it stands."""

import json
from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
# Colours on their way from one to another are nobody's choice; what inherits them follows later.
RUN = """async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  const moves = (one) => one.playState === "running" && one.effect?.getComputedTiming().endTime !== Infinity;
  for (await frame(); document.getAnimations().some(moves); await frame())
    await Promise.allSettled(document.getAnimations().filter(moves).map((one) => one.finished));
  const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
  return found.violations.map((v) => ({ rule: v.id, where: v.nodes.slice(0, 3).map((n) => n.html) }));
}"""


async def no_violations(page: Page) -> None:
    """Fails with every rule that is broken and where."""
    await page.evaluate(AXE.read_text("utf-8"))
    violations = await page.evaluate(RUN)
    assert violations == [], json.dumps(violations, ensure_ascii=False, indent=1)
