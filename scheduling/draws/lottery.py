"""The draw itself. It needs nothing but Python: the centre draws with this very file.

`python3 lottery.py < protocol.json` recomputes what was published: the commitment, the list of
those who applied, the order. Who has more points stands before who has fewer; among equals the
lot decides, which is the SHA-256 of the seed, a colon and the application's number. A place that
falls free afterwards goes to the next in that order, which is recomputed as well.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping


def commitment(seed: str) -> str:
    """What is published before anybody applies; it binds to the seed and does not tell it."""
    return hashlib.sha256(f"commitment:{seed}".encode()).hexdigest()


def lot(seed: str, number: int) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


def digest(applications: Iterable[tuple[int, int]]) -> str:
    """Of numbers with their points, as they were when applying closed."""
    lines = "\n".join(f"{number}:{points}" for number, points in sorted(applications))
    return hashlib.sha256(lines.encode()).hexdigest()


def drawn(seed: str, applications: Iterable[tuple[int, int]]) -> list[int]:
    """The numbers in the order of the draw: the first get the places, the others wait in line.

    The seed is joined with the list, so that nobody who knew it could have tried out a number.
    """
    listed = sorted(applications)
    joined = f"{seed}:{digest(listed)}"
    ordered = sorted(listed, key=lambda one: (-one[1], lot(joined, one[0])))
    return [number for number, _ in ordered]


def out_of_turn(
    order: Iterable[int], *, places: int, turns: Iterable[Mapping[str, object]]
) -> list[int]:
    """Steps by which a place that fell free went to somebody whose turn it was not.

    Who won is asked about the own place alone. After them the next in order is, once; who has
    another appointment is passed over, which is told, and comes first at the next place again.
    """
    ordered, wrong = list(order), []
    waiting, over = ordered[places:], set[object]()
    for turn in turns:
        number = turn["number"]
        if number in ordered[:places]:
            wrong += [turn["step"]] if ordered[int(str(turn["place"])) - 1] != number else []
            continue
        left = [one for one in waiting if one not in over]
        if left[:1] != [number]:
            wrong.append(turn["step"])
        if turn["passed_over"]:
            over.add(number)
        else:
            waiting, over = [one for one in waiting if one != number], set()
    return [int(str(step)) for step in wrong]


def check(protocol: dict[str, object]) -> list[str]:
    """What of a published protocol does not hold; nothing when all of it does."""
    seed, rows = str(protocol["seed"]), protocol["applications"]
    assert isinstance(rows, list)
    listed = [(int(row["number"]), int(row["total"])) for row in rows]
    wrong = []
    if commitment(seed) != protocol["commitment"]:
        wrong.append("the seed is not the one that was promised")
    if digest(listed) != protocol["digest"]:
        wrong.append("the list is not the one that applying closed with")
    wrong += [
        f"the points of {row['number']} do not add up"
        for row in rows if sum(row["points"].values()) != row["total"]
    ]  # fmt: skip
    told = [int(row["number"]) for row in sorted(rows, key=lambda row: row["place"])]
    if drawn(seed, listed) != told:
        wrong.append("the order is another")
    turns = protocol.get("turns", [])
    assert isinstance(turns, list)
    wrong += [
        f"it was not their turn at step {step}"
        for step in out_of_turn(told, places=int(str(protocol["places"])), turns=turns)
    ]
    return wrong


if __name__ == "__main__":
    found = check(json.load(sys.stdin))
    print("\n".join(found) or "the published result is what this draw gives")
    sys.exit(bool(found))
