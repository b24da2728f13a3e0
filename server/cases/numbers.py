"""Case numbers: `<unit code>-<year>-<6 digits>`, without gaps."""

from server.kernel.clock import local
from server.kernel.driver import Driver
from server.kernel.uow import Tx

NEXT = """INSERT INTO case_number AS n (unit_code, year, last) VALUES ($1, $2, 1)
          ON CONFLICT (unit_code, year) DO UPDATE SET last = n.last + 1 RETURNING last"""


async def next_number(tx: Tx, driver: Driver, unit_code: str) -> str:
    """Take the next number; the counter's row is locked until the transaction ends."""
    year = local(tx.now).year
    last = await driver.fetchval(NEXT, unit_code, year)
    return f"{unit_code}-{year}-{last:06d}"
