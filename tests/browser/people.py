"""People at their screens: they read, click and type as people do."""

import re
from dataclasses import dataclass

from playwright.async_api import BrowserContext, Page, expect

from tests.browser import senses
from tests.browser.district import District, eventually
from tests.browser.patience import PATIENCE

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


@dataclass
class Someone:
    """One person with one page."""

    page: Page
    district: District

    def __post_init__(self) -> None:
        self.page.set_default_timeout(PATIENCE * 1000)

    @property
    def device(self) -> BrowserContext:
        return self.page.context

    async def go(self, path: str) -> None:
        await self.page.goto(f"{self.district.address}{path}")

    async def press(self, name: str, *, exact: bool = True) -> None:
        await self.page.get_by_role("button", name=name, exact=exact).first.click()

    async def follow(self, name: str) -> None:
        await self.page.get_by_role("link", name=name).first.click()

    async def write(self, label: str, text: str) -> None:
        await self.page.get_by_label(label).first.fill(text)

    async def choose(self, label: str, option: str) -> None:
        await self.page.get_by_label(label).first.select_option(label=option)

    async def has_written(self, label: str, text: str) -> None:
        await expect(self.page.get_by_label(label).first).to_have_value(text)

    async def reads(self, text: str, *, within: float = PATIENCE) -> None:
        await expect(self.page.get_by_text(text).first).to_be_visible(timeout=within * 1000)

    async def finds_after_a_while(self, text: str) -> None:
        """What is written in the background: opens the page again until it is there."""

        async def there() -> bool | None:
            try:
                await self.reads(text, within=1)
            except AssertionError:
                await self.page.reload()
                return None
            return True

        await eventually(there)

    async def reads_no_more(self, text: str) -> None:
        await expect(self.page.get_by_text(text)).to_have_count(0)

    async def does_not_read(self, text: str) -> None:
        assert text not in await self.page.inner_text("body")

    async def finds(self, pattern: str) -> str:
        """What stands on the page, by a pattern with one group; waits for it."""
        body = self.page.locator("body")
        await expect(body).to_contain_text(re.compile(pattern), use_inner_text=True)
        found = re.search(pattern, await body.inner_text())
        assert found
        return found[1]

    async def picture(self, name: str) -> None:
        await self.page.screenshot(path=f"build/journey/{name}.png")

    async def sees(self, *names: str, within: float = PATIENCE) -> None:
        await senses.sees(self.page, *names, within=within)

    async def sees_somebody(self, *, within: float = PATIENCE) -> None:
        """Whoever is shown first."""
        name = self.page.locator("figure.tile:not(.own) .name").first
        await self.sees((await name.inner_text()).strip(), within=within)

    async def sees_nobody(self) -> None:
        """Others are here, by name and without a picture."""
        tiles = self.page.locator("figure.tile:not(.own)")
        await expect(tiles.locator(".initial").first).to_be_visible()
        await expect(tiles.locator("video:visible")).to_have_count(0)

    async def hears(self, voices: int, *, within: float = PATIENCE) -> None:
        await senses.hears(self.page, voices, within=within)

    async def notices_speaking(self, name: str) -> None:
        await senses.speaks(self.page, name)

    async def sees_and_hears_nobody(self) -> None:
        await senses.is_dark_and_silent(self.page)

    async def is_back_after_reload(self, *names: str) -> None:
        """Moving pictures of everybody again; how soon, the benchmark of joining measures."""
        await self.page.reload(wait_until="commit")
        await senses.sees(self.page, *names)


@dataclass
class Staff(Someone):
    async def sign_in(self, login: str) -> None:
        await self.go("/staff/sign-in")
        await self.write("登录名", login)
        await self.write("密码", self.district.people.password)
        await self.press("登录")
        await self.page.wait_for_url(lambda url: "sign-in" not in url)


@dataclass
class Guest(Someone):
    """Somebody with a personal link, on a phone."""

    async def arrive(self, path: str, *, at: str = "织里镇利济路 1 号") -> None:
        """From the link through device check, address and the two switches into the waiting room."""
        await self.go(path)
        await self.check_in(at=at)

    async def check_in(self, *, at: str = "织里镇利济路 1 号") -> None:
        await self.reads("看得见您了")
        await self.press("下一步")
        await self.write("现在的地址", at)
        await self.press("下一步")
        switches = self.page.get_by_role("switch")
        await expect(switches).to_have_count(2)
        for switch in await switches.all():
            await switch.click()
        await self.press("进入等候室")


@dataclass
class Resident(Guest):
    async def choose_slot(self, place: int = 0) -> str:
        """The free time at this place of the list; answers it as it is spoken."""
        chip = self.page.locator("label.chip.free input").nth(place)
        await chip.check(force=True)
        return str(await chip.get_attribute("aria-label"))

    async def sign_in(self, phone: str) -> None:
        """By the code that comes as an SMS."""
        await self.write("您的手机号", phone)
        await self.press("发送验证码")
        code = await self.district.code(phone, saying="验证码")
        await self.page.get_by_label("短信里的六位数").first.fill(code)

    async def describe_person(self, *, name: str, id_number: str, address: str) -> None:
        await self.page.get_by_label("姓名").first.fill(name)
        await self.write("身份证号码", id_number)
        await self.write("住址", address)
