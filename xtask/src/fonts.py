"""Subsets one font and gives it its own name. Run by `cargo xtask fonts`, with Debian's fontTools.

Usage: fonts.py FROM NUMBER TO FAMILY CHARACTERS
The licences reserve the makers' names for their own files: a subset is named anew.
"""

import sys
from fontTools import subset
from fontTools.ttLib import TTFont

source, number, target, family, characters = sys.argv[1:]
options = subset.Options()
options.layout_features = ["vert", "locl", "kern"]
options.hinting = False
options.notdef_outline = True
options.drop_tables += ["DSIG", "vhea", "vmtx", "VORG", "BASE"]
# The same input gives the same bytes, whenever it is run.
font = TTFont(source, fontNumber=int(number), recalcTimestamp=False)
with open(characters, encoding="utf-8") as file:
    wanted = {ord(character) for character in file.read()} - {10}
subsetter = subset.Subsetter(options)
subsetter.populate(unicodes=wanted)
subsetter.subset(font)

kept = {0, 5, 7, 13, 14}
table = font["name"]
table.names = [record for record in table.names if record.nameID in kept]
plain = family.replace(" ", "")
for identifier, words in {1: family, 2: "Regular", 3: plain, 4: family, 6: plain + "-Regular"}.items():
    table.setName(words, identifier, 3, 1, 0x409)
if "CFF " in font:
    cff = font["CFF "].cff
    cff.fontNames = [plain + "-Regular"]
    top = cff.topDictIndex[0]
    top.FullName, top.FamilyName = family, family
# Each is the one weight of its family.
font["OS/2"].usWeightClass = 400
font["OS/2"].fsSelection = (font["OS/2"].fsSelection & ~0b100001) | 0b1000000
font["head"].macStyle = 0
font.save(target)
