# Copyright (c) 2026, flant.gitops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ``git_dir`` as version 1.0.0 of this collection left it on a target.

Its repository has two commits, as `Repository` makes them by default: the first one was polled and recorded, the second
one polled, with an archive each time.
"""

from __future__ import annotations

import base64
import io
import tarfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_TAR = """
/Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4Hf/BvpdADGYSJmKtOuKlHv0kR8vCqC+Fs2po1IsXaQJFtgyt0JyI9dxNSwDm/PG6ZArNYyECIfp1LZMX620
+ZOtN3M7TqANi0BLG1V7TaS4J+ZRBRAEacZ+4hcIFfbAmM3fgXpYRD/mVjF36rt/3MMmbffsUDmEieWkxx5ZvNPvSLAzFXYWPQOn9O3CiwjEcDEOdXcT
kgzYaaTEG8Wqs7wd73p3doFvbdavKDWYl3+dEDYsYlo8UVk9Vb6SMc5Q8DFdeeBCbTioXKp1xUp1NjQgJiQJ6CZiNg445vbr6Pt6Fs5BPIegvynR5ece
1bQ/vC351NDrvL65IMtAZAyL9/aVme5nr4t/9ES4oNNqX7GVHEAzMX0Y4dTwOgHuJw5ZEVZ7iMB1Pu+WFINAm7Ki1NWbZgRZugv4cGtyv0UEupxtlOHz
Cx5aKmS6UtQ6UBP5S8mtgUmk/JqmyjzAvTxjN2ymfGiXV788d/Gq1ZuHBrnPWnoKra2APbGlP2vCwL2Ftxd3ZPsgAp9KeYOeaKmEyYQV8ocNfPpA0zTP
tg10J6X2j7fh+JZ0BUfaI068b1dvyL/C7SVVmedStUpu9FuYrVu4Yj1mnJMVSm0fU20zp7tr3OdwXirBTJgjCLcxjWxrKwVJLicdDxhl5FtlRG2Y9uzh
oJIPoa5TPhUd9n+Ac0mm5O7vGvkxpkimNRN080Tk4UIWIzUojxtaK+ZFrC7joM0kEvWpMCKMxdmsd1l3WG7fmEzr4BDeD8IQoYcF1APFpabkEMk7OOlU
6jIxStths9TSXkmFCmvRmqrpWcnP8Tnd88EIhHaK4unu4+8hK5DefTu8HL/6C2lh/sei3z16iyukHhmdDoXQRSzrfug9stNXfwq4lNyqFQrQYmgbXIx1
w33PaQXsLn2HrdxfKvQg5u/5HtZwdkeZqXLrIzxQx4aarsypHSlhhrRxXGPvx6HI12q2x/uVrLoyAB+SJ+A8OML0z/83OqSN3WjeBDDfeut4mlLnfNc+
nqIHEVCEQOe0I8ZP0aH8NCYpuuX+gD2Z7FP9KgE2BA9OpDW3QZn5VrtW2xxF7luYe40bCrw84P8Yyn6i9muQ2yrwj0IXPYjaMH63HLNXru0ALqUg4d3Y
cem00cIBPUJyOrWwNQhGjcJ/k5/3CLR3HHa3JW1mQaxXe5kIZwwnBbvp0wxc99SNN1/DgbcNDEcLxceUuRb8KK/by1QdAddQaI+QpmsrR3otVsXL+MLu
fqvmMN0FQyfwAnDqyvizuq89P9/75opUfAM3LifYR7U+mOj2Zg9jq727bH5xRZI/TrqBtvLV0xdc65NO70w6BlM9nQQ0jH4RAWoFkxXxsfr6jBys3NYU
fFF6rJ4fAsFkDvD14W1Zn2bjUMlT3waO958FIY1gJ0ovzYvbDTZN5aRPikLWSEhdf6zHeO6NDSqnJXAzu4ms3raprd36Z9Njx5xpBnzD+1bUNmln7paU
XOrYJkKyzoqO1Az3nQr0udY+BzzdpaB6QM3GpjJSwkcUx/QvSfAxIsqdBKsLcskSzG+KTtHhMkmY86YZ1EiDtA0ezJewr+BO+EoLfgWcvytv+W/w0U6D
ON9atVLFXgf5Psi+pSM8h5IV2BnIwZG/3ctzrx7IQd20LlXv1zuZU190Hev6ejWduEwvWi92V++2GQcYsYLFK60lO7yrTjXsHYXwbFRQmCruxVhzFIDE
WruBPw2N+1DVp8OvWhYjsjn/oI1jGaI8ZgTj0Jl/nGJyo/10D6Jx42639mXknXGx+GoJpw9E+W3CDXaUICwBGz2sVciIUPUPa0WD2+sRmkCJ4HcAyM4C
htzvxRgtYNBs5IZiVwYQ9x4eYk0NFZ1hZt/Ui1lh3JYjCHHvbQBZqiIV2Qzf8RSshPMeSOQcm5MQ8BzGh6uKzI0J451xMPK2v+3UHysN4G/wHwWVNY3O
at7RTirQsdubLY1eKjMbOL59/fgKwA+RtQUqQoO+TORCIIlstdpesionHTPsxabHSDQVTed2VH7eyMjVYunbXZuwjX1k1bRPQy1t8rZCeZTZGPPEBNUI
QoqVNOkmpQNJfAv57nAkJtA5qdvWy74Yk1jWndt8k2Hq0YgU5HtgZWaF1fwTe61jvgf/6ie3VBT9uZAqAGbh45PEqRpwuk4uF2ZOIarqgoTFdN67YMZ6
+XIcIXnlW1nlcOW1KdXEqlMMiRBHYPSMYYXlIpV7T6iBnfS5f4WilsYvQ9awM1siLVqwoA6JcP6Vp0mJZc1z0e/zVvtjk0ofMVVhB0Wv6H4dxbo9ndaY
EEkcHwTge8Say59BplayFIM3ZYbldgPtUgfaBgxA6W5yxl3ItfhEUn9MWOfBWrMnSXE0n1zkMSscuFmzvk4XG1z1oexflcqIz6RQqAAAAABSXhmFjbFe
7gABlg6A8AEASGvc9rHEZ/sCAAAAAARZWg==
"""


def restore(git_dir: Path) -> None:
    """Put it at ``git_dir``, where nothing is yet."""
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(_TAR)), mode="r:xz") as tar:
        for member in tar:
            path = git_dir / member.name[len("cache/") :]
            content = tar.extractfile(member)
            if content:
                path.write_bytes(content.read())
            else:
                path.mkdir()
            path.chmod(member.mode)
