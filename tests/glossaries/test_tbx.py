"""Term bases of others: both styles of 2019, that of 2008, and files that mean harm."""

from __future__ import annotations

import pytest

from glossaries import Entry, Languages
from glossaries.errors import GlossaryFileError
from tests.glossaries.making import bad, good, read

NS = 'xmlns="urn:iso:std:iso:30042:ed-2"'

DCA = f"""<?xml version="1.0"?>
<?xml-model href="TBXcoreStructV03.rng"?>
<tbx type="TBX-Basic" style="dca" xml:lang="en" {NS}>
 <tbxHeader><fileDesc><sourceDesc><p>a term base</p></sourceDesc></fileDesc></tbxHeader>
 <text><body>
  <conceptEntry id="c1">
   <transacGrp><transac type="transactionType">origination</transac></transacGrp>
   <descrip type="subjectField">Astronomy</descrip>
   <note>seen
     everywhere</note>
   <note>often</note>
   <langSec xml:lang="en">
    <descripGrp><descrip type="definition">stars</descrip></descripGrp>
    <termSec><term>galactic cluster</term>
     <termNote type="administrativeStatus">supersededTerm-admn-sts</termNote>
     <note>an old name</note></termSec>
    <termSec><term>open <hi>cluster</hi></term>
     <termNote type="partOfSpeech">noun</termNote>
     <termNote type="administrativeStatus">preferredTerm-admn-sts</termNote></termSec>
   </langSec>
   <langSec xml:lang="zh-CN">
    <termSec><term>疏散星团</term></termSec>
    <termSec><term>银河星团</term><termNote type="termType">acronym</termNote></termSec>
    <termSec><term>疏三星团</term><termNote type="termType">variant</termNote></termSec>
   </langSec>
  </conceptEntry>
 </body></text>
</tbx>"""

DCT = f"""<tbx type="TBX-Basic" style="dct" xml:lang="en" {NS}
     xmlns:min="http://www.tbxinfo.net/ns/min" xmlns:basic="http://www.tbxinfo.net/ns/basic">
 <tbxHeader/><text><body>
  <conceptEntry id="c1">
   <min:subjectField>Astronomy</min:subjectField>
   <note>seen everywhere</note><note>often</note>
   <langSec xml:lang="en">
    <descripGrp><basic:definition>stars</basic:definition></descripGrp>
    <termSec><term>galactic cluster</term>
     <min:administrativeStatus>supersededTerm-admn-sts</min:administrativeStatus></termSec>
    <termSec><term>open cluster</term>
     <min:administrativeStatus>preferredTerm-admn-sts</min:administrativeStatus></termSec>
   </langSec>
   <langSec xml:lang="zh">
    <termSec><term>疏散星团</term></termSec>
    <termSec><term>银河星团</term></termSec>
    <termSec><term>疏三星团</term><basic:termType>variant</basic:termType></termSec>
   </langSec>
  </conceptEntry>
 </body></text>
</tbx>"""

OLD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE martif SYSTEM "TBXcoreStructV02.dtd">
<martif type="TBX" xml:lang="en"><text><body>
  <termEntry id="c1">
   <descrip type="subjectField">Astronomy</descrip>
   <note>seen everywhere</note><note>often</note>
   <langSet xml:lang="en-US"><ntig><termGrp><term>open cluster</term></termGrp></ntig></langSet>
   <langSet xml:lang="zh"><tig><term>疏散星团</term></tig><tig><term>银河星团</term></tig>
    <tig><term>疏三星团</term><termNote type="termType">variant</termNote></tig></langSet>
  </termEntry>
</body></text></martif>"""

EXPECTED = [
    Entry("疏散星团", "open cluster", "seen everywhere; often", "Astronomy", ("疏三星团",)),
    Entry("银河星团", "open cluster", "seen everywhere; often", "Astronomy"),
]


@pytest.mark.parametrize("text", [DCA, DCT, OLD], ids=["dca", "dct", "2008"])
def test_styles(text: str) -> None:
    rows = read("tbx", text)
    assert good(rows) == EXPECTED
    assert bad(rows) == []


def test_the_other_direction() -> None:
    turned = good(read("tbx", DCA, Languages("en", "zh")))
    assert [(entry.source, entry.target) for entry in turned] == [
        ("galactic cluster", "疏散星团"),
        ("open cluster", "疏散星团"),
    ]


def test_a_definition_stands_for_a_missing_note() -> None:
    text = DCT.replace("<note>seen everywhere</note><note>often</note>", "")
    assert {entry.note for entry in good(read("tbx", text))} == {"stars"}


def test_an_exact_tag_wins_over_a_relative() -> None:
    exact = '<langSec xml:lang="zh"><termSec><term>准</term></termSec></langSec>'
    text = DCT.replace('xml:lang="zh"', 'xml:lang="zh-TW"').replace(
        "</langSec>", f"</langSec>{exact}", 1
    )
    assert [entry.source for entry in good(read("tbx", text))] == ["准"]


@pytest.mark.parametrize(
    ("found", "put", "words"),
    [
        ('xml:lang="zh"', 'xml:lang="de"', "no term in zh; it has: de, en"),
        ("<term>open cluster</term>", "<term> </term>", ""),
        ("疏散星团", "疏\u202e散", "source holds U+202E"),
        ("Astronomy", "A" * 20_000, "domain has"),
    ],
)
def test_bad_concepts_are_told_and_cost_no_others(found: str, put: str, words: str) -> None:
    fine = DCT[DCT.index("  <conceptEntry") : DCT.index(" </body>")]
    text = DCT.replace(found, put).replace(" </body>", f"{fine} </body>")
    rows = read("tbx", text)
    assert good(rows)[-2:] == EXPECTED
    if words:
        assert bad(rows)[0].line == 4
        assert words in str(bad(rows)[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not XML"),
        ("source,target", "not XML"),
        ("<html></html>", "its root is <html>"),
        (DCT[:-20], "not XML"),
        (DCT.replace("</langSec>", "</langsec>", 1), "line 13: this is not XML: mismatched tag"),
        (DCT.replace("Astronomy", "&undeclared;"), "undefined entity"),
        (OLD.replace("Astronomy", "&declared_elsewhere;"), "&declared_elsewhere; is not declared"),
    ],
)
def test_a_file_that_is_no_term_base_is_refused_whole(text: str, words: str) -> None:
    with pytest.raises(GlossaryFileError, match=words.replace("(", r"\(")):
        read("tbx", text)


@pytest.mark.parametrize(
    "declarations",
    [
        '<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY x "&b;&b;&b;&b;">',
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY % y SYSTEM "file:///etc/passwd"> %y;',
        '<!NOTATION n SYSTEM "n"><!ENTITY x SYSTEM "file:///etc/passwd" NDATA n>',
    ],
    ids=["bomb", "file", "parameter", "unparsed"],
)
def test_entities_are_refused(declarations: str) -> None:
    text = DCT.replace("Astronomy", "&x;")
    with pytest.raises(GlossaryFileError, match="entities are refused"):
        read("tbx", f"<!DOCTYPE tbx [{declarations}]>{text}")


def test_other_encodings_are_read_when_named_or_marked() -> None:
    assert good(read("tbx", DCT.encode("utf-16"))) == EXPECTED
    assert good(read("tbx", DCT.encode("gb18030"), encoding="gb18030")) == EXPECTED
    with pytest.raises(GlossaryFileError, match="encoding=gb18030"):
        read("tbx", DCT.encode("gb18030"))
