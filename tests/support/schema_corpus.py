"""Valid and invalid documents by name, on which all XSD 1.1 processors have to agree."""

from __future__ import annotations

from collections.abc import Callable

from documents import emptied, job, within, wrapped
from places import RESPONSES
from schema_reference import ENUMERATIONS, TEXTS

JOB = "/DescribeJobResult/Job"
COPY = "Operation/COSPutObjectCopy"
FULL = (RESPONSES / "full.xml").read_bytes()
COUNTS = ("NumberOfTasksFailed", "NumberOfTasksSucceeded", "TotalNumberOfTasks")
# Gates depend on these elements.
DECISIVE = {JOB, f"{JOB}/JobId", f"{JOB}/Status", *(f"{JOB}/ProgressSummary/{name}" for name in COUNTS)}
EMPTIED = dict(enumerate(emptied(FULL)))
VALID = {
    "full": FULL,
    "minimal": (RESPONSES / "minimal.xml").read_bytes(),
    "any order": job("<Status>New</Status><Priority>1</Priority><JobId>a</JobId>", JobId=None, Status=None),
    "unknown in Job": job("<NewThing a='b'><Status>Bogus</Status>text</NewThing>"),
    "unknown twice": job("<NewThing/><NewThing/>"),
    "unknown beside Job": job("").replace(b"</DescribeJobResult>", b"<RequestId>1</RequestId></DescribeJobResult>"),
    "unknown of another namespace": job("<o:Status xmlns:o='urn:o'>Bogus</o:Status>"),
    "unknown in a list": job("<FailureReasons><JobFailure/><Other/><JobFailure/></FailureReasons>"),
    "unknown in an empty type": job("<Operation><COSDeleteObject><Quiet>1</Quiet></COSDeleteObject></Operation>"),
    "unknown operation": job("<Operation><COSPutObjectAcl/></Operation>"),
    "unknown operation beside a known one": job("<Operation><COSPutObjectAcl/><COSDeleteObject/></Operation>"),
    "unknown attributes": job("<Report colour='red'><Bucket>b</Bucket></Report>"),
    "delete": job("<Operation><COSDeleteObject/></Operation>"),
    "restore": within("Operation/COSInitiateRestoreObject/ExpirationInDays", "365"),
    "tagging": within("Operation/COSPutObjectTagging/TagSet/COSTag/Key", "k"),
    "empty lists": job("<FailureReasons/><Manifest><Spec><Fields/></Spec></Manifest>"),
    "empty failure": job("<FailureReasons><JobFailure><FailureCode/></JobFailure></FailureReasons>"),
    "empty time": within("SuspendedDate", ""),
    "time with offset": within("CreationTime", "2019-12-19T18:00:30.5+08:00"),
    "time without offset": within("CreationTime", "2019-12-19T18:00:30"),
    "time with space": within("CreationTime", " 2019-12-19T18:00:30Z\n"),
    "leap day": within("CreationTime", "2020-02-29T00:00:00Z"),
    "nine digits": within("TerminationDate", "2019-12-19T18:00:30.123456789Z"),
    "epoch seconds": within(f"{COPY}/ModifiedSinceConstraint", "1798000000"),
    "epoch timestamp": within(f"{COPY}/UnModifiedSinceConstraint", "2019-12-19T18:00:30Z"),
    "epoch empty": within(f"{COPY}/UnModifiedSinceConstraint", ""),
    "status with space": job("", Status=" Active\n"),
    "boolean 1": within("ConfirmationRequired", "1"),
    "boolean with space": within("Report/Enabled", " false "),
    "priority 0": within("Priority", "0"),
    "priority plus": within("Priority", "+5"),
    "priority minus zero": within("Priority", "-0"),
    "priority zeros": within("Priority", "007"),
    "priority most": within("Priority", "2147483647"),
    "count of 64 bits": within("ProgressSummary/TotalNumberOfTasks", str(2**64 - 1)),
    "description empty": within("Description", ""),
    "id of 64 bytes": job("", JobId="a" * 64),
    "id of 21 han": job("", JobId="档" * 21),
    "id of 16 emoji": job("", JobId="😀" * 16),
    "id of percent signs": job("", JobId="%41" * 21),
    "id of quotes": job("", JobId="\"'&<>" * 12),
    "id of spaces": job("", JobId=" " * 64),
    "no operation": job("<Operation/>"),
    "status unknown": job("", Status="Bogus"),
    "status in lower case": job("", Status="complete"),
    "status of two words": job("", Status=" Waiting  for\ncapacity"),
    "status of 64 characters": job("", Status="~" * 64),
    "boolean of white space": within("Report/Enabled", " \n"),
    "priority of white space": within("Priority", "\t"),
    "word with a foreign space": within("Report/Format", "\u00a0Report_CSV_V1"),
    "word of another script": within("Report/ReportScope", "全部"),
    "words apart": within(f"{COPY}/StorageClass", "a \n b"),
    **{path.name: path.read_bytes() for path in sorted(RESPONSES.glob("*.xml"))},
    **{f"new word in {path}": within(path, f"{words.split()[0]}x") for path, words in ENUMERATIONS},
    **{f"{path} of {most + 1} bytes": within(path, "a" * (most + 1)) for path, _, most in TEXTS if path != "JobId"},
    **{f"{path} of no bytes": within(path, "") for path, *_ in TEXTS if path != "JobId"},
    **{f"empty element {number} {path}": each for number, (path, each) in EMPTIED.items() if path not in DECISIVE},
    "text kept": within(f"{COPY}/TargetResource", "  a\n b "),
}
SPACES = {"no-break": "\u00a0", "ideographic": "\u3000", "line separator": "\u2028", "next line": "\u0085"}
PLACES: dict[str, Callable[[str], bytes]] = {
    "before Job": lambda space: job("").replace(b"<Job>", f"{space}<Job>".encode()),
    "after Job": lambda space: job("").replace(b"</Job>", f"</Job> {space}\n".encode()),
    "in Job": lambda space: job(f"\n{space}"),
    "after an unknown element": lambda space: job(f"<Other/>{space}"),
    "in a list": lambda space: job(f"<FailureReasons><JobFailure/>{space}</FailureReasons>"),
    "in an item": lambda space: job(wrapped("FailureReasons/JobFailure", f"{space}<FailureCode/>")),
    "in an empty list": lambda space: job(f"<FailureReasons>{space}</FailureReasons>"),
    "in an empty type": lambda space: job(f"<Operation><COSDeleteObject>{space}</COSDeleteObject></Operation>"),
    "in the counts": lambda space: job(
        wrapped("ProgressSummary", f"<NumberOfTasksFailed>0</NumberOfTasksFailed>{space}")
    ),
}
VALID |= {f"space {place}": make(" \t\r\n") for place, make in PLACES.items()}
VALID |= {
    f"{name} space in what is unknown": job(f"<Other>{space}<a/>{space}</Other>") for name, space in SPACES.items()
}
INVALID = {
    "no Job": b"<DescribeJobResult/>",
    "another document": b"<CreateJobResult/>",
    "no JobId": job("", JobId=None),
    "no Status": job("", Status=None),
    "second Job": b"<DescribeJobResult>"
    + b"<Job><JobId>a</JobId><Status>New</Status></Job>" * 2
    + b"</DescribeJobResult>",
    "second Status": job("<Status>Complete</Status>"),
    "second JobId": job("<JobId>a</JobId>"),
    "second Priority": job("<Priority>1</Priority><Other/><Priority>1</Priority>"),
    "second Report": job("<Report/><Report/>"),
    "second Bucket": job("<Report><Bucket>a</Bucket><Bucket>a</Bucket></Report>"),
    "second FailureCode": job(wrapped("FailureReasons/JobFailure", "<FailureCode/><FailureCode/>")),
    "second operation": job("<Operation><COSDeleteObject/><COSPutObjectTagging/></Operation>"),
    "same operation twice": job("<Operation><COSDeleteObject/><COSDeleteObject/></Operation>"),
    "attribute on a text": job("<Report><Bucket size='1'>b</Bucket></Report>"),
    "text in Job": job("text"),
    "text in a list": job("<FailureReasons>text</FailureReasons>"),
    "text in an empty type": job("<Operation><COSDeleteObject>text</COSDeleteObject></Operation>"),
    "element in a text": job("<RoleArn>a<b/></RoleArn>"),
    "element in a number": job("<Priority><b/></Priority>"),
    "status empty": job("", Status=""),
    "status of white space": job("", Status=" \n"),
    "status of 65 characters": job("", Status="~" * 65),
    "status of another script": job("", Status="完成"),
    "status with a control character": job("", Status="Complete\x7f"),
    "status with an invisible character": job("", Status="Com\u200bplete"),
    "id of 65 bytes": job("", JobId="a" * 65),
    "id of 22 han": job("", JobId="档" * 22),
    "id of 16 emoji and one": job("", JobId="😀" * 16 + "a"),
    "id of 65 percent signs": job("", JobId="%" * 65),
    "id empty": job("", JobId=""),
    "count empty": within("ProgressSummary/NumberOfTasksFailed", ""),
    "count of white space": within("ProgressSummary/TotalNumberOfTasks", " "),
    **{f"empty element {number} {path}": each for number, (path, each) in EMPTIED.items() if path in DECISIVE},
    "status with a foreign space": job("", Status="Active\u00a0"),
    "status nil": job("").replace(
        b"<Status>New", b"<Status xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:nil='true'>"
    ),
    "status of another type": job("").replace(
        b"<Status>New", b"<Status xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance' xsi:type='Nothing'>New"
    ),
    "boolean word": within("ConfirmationRequired", "TRUE"),
    "boolean with a foreign space": within("Report/Enabled", "\u00a0true"),
    "priority negative": within("Priority", "-1"),
    "priority too large": within("Priority", "2147483648"),
    "priority fraction": within("Priority", "1.0"),
    "priority grouped": within("Priority", "1_000"),
    "priority in arabic digits": within("Priority", "\u0663"),
    "priority with a foreign space": within("Priority", "\u00a05"),
    "priority of many zeros": within("Priority", "0" * 30 + "1"),
    "count negative": within("ProgressSummary/NumberOfTasksFailed", "-1"),
    "count of 65 bits": within("ProgressSummary/NumberOfTasksFailed", str(2**64)),
    "count exponent": within("ProgressSummary/NumberOfTasksFailed", "1e3"),
    "days 0": within("Operation/COSInitiateRestoreObject/ExpirationInDays", "0"),
    "days 366": within("Operation/COSInitiateRestoreObject/ExpirationInDays", "366"),
    "date only": within("CreationTime", "2019-12-19"),
    "no leap day": within("CreationTime", "2019-02-29T00:00:00Z"),
    "leap second": within("CreationTime", "2019-12-31T23:59:60Z"),
    "hour 24": within("CreationTime", "2019-12-31T24:00:00Z"),
    "ten digits": within("CreationTime", "2019-12-19T18:00:30.1234567890Z"),
    "offset too large": within("CreationTime", "2019-12-19T18:00:30+14:01"),
    "year 0999": within("CreationTime", "0999-12-19T18:00:30Z"),
    "seconds for a plain time": within("CreationTime", "1798000000"),
    "epoch negative": within(f"{COPY}/ModifiedSinceConstraint", "-1"),
    "epoch grouped": within(f"{COPY}/ModifiedSinceConstraint", "1_000"),
    "epoch word": within(f"{COPY}/ModifiedSinceConstraint", "yesterday"),
    **{f"{name} space {place}": make(space) for name, space in SPACES.items() for place, make in PLACES.items()},
}
