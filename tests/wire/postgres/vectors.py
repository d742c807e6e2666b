"""Messages and their bytes on the wire, written by hand from chapter "Message Formats": read both ways by the tests."""

from gateway.wire.postgres import authentication as auth
from gateway.wire.postgres import backend, frontend, startup
from gateway.wire.postgres.message import BackendMessage, FrontendMessage
from gateway.wire.postgres.report import ErrorResponse, NoticeResponse

FRONTEND: list[tuple[FrontendMessage, bytes]] = [
    (frontend.Query(b"SELECT 1"), b"Q\0\0\0\x0dSELECT 1\0"),
    (frontend.Query(b""), b"Q\0\0\0\x05\0"),
    (frontend.Query(b"SELECT '\xe4'"), b"Q\0\0\0\x0fSELECT '\xe4'\0"),  # LATIN1: not the codec's business
    (frontend.Parse(b"s", b"SELECT $1", (23,)), b"P\0\0\0\x16s\0SELECT $1\0\0\x01\0\0\0\x17"),
    (frontend.Parse(b"", b""), b"P\0\0\0\x08\0\0\0\0"),
    (
        frontend.Bind(b"p", b"s", (1, 0), (b"\0\0\0\x01", None), (1,)),
        b"B\0\0\0\x20p\0s\0\0\x02\0\x01\0\0\0\x02\0\0\0\x04\0\0\0\x01\xff\xff\xff\xff\0\x01\0\x01",
    ),
    (frontend.Bind(b"", b""), b"B\0\0\0\x0c\0\0\0\0\0\0\0\0"),
    (frontend.Describe(b"S", b"s"), b"D\0\0\0\x07Ss\0"),
    (frontend.Describe(b"P", b""), b"D\0\0\0\x06P\0"),
    (frontend.Close(b"P", b"p"), b"C\0\0\0\x07Pp\0"),
    (frontend.Execute(b"", 100), b"E\0\0\0\x09\0\0\0\0\x64"),
    (frontend.Flush(), b"H\0\0\0\x04"),
    (frontend.Sync(), b"S\0\0\0\x04"),
    (frontend.Terminate(), b"X\0\0\0\x04"),
    (
        frontend.FunctionCall(1598, (1,), (b"\x01", None), 1),
        b"F\0\0\0\x19\0\0\x06\x3e\0\x01\0\x01\0\x02\0\0\0\x01\x01\xff\xff\xff\xff\0\x01",
    ),
    (frontend.CopyData(b"1\t2\n"), b"d\0\0\0\x081\t2\n"),
    (frontend.CopyDone(), b"c\0\0\0\x04"),
    (frontend.CopyFail("no"), b"f\0\0\0\x07no\0"),
]

PASSWORDS: list[tuple[FrontendMessage, bytes]] = [
    (frontend.PasswordMessage("geheim"), b"p\0\0\0\x0bgeheim\0"),
    (frontend.SaslInitialResponse("SCRAM-SHA-256", b"n,,n=,r=x"), b"p\0\0\0\x1fSCRAM-SHA-256\0\0\0\0\x09n,,n=,r=x"),
    (frontend.SaslInitialResponse("X", None), b"p\0\0\0\x0aX\0\xff\xff\xff\xff"),
    (frontend.SaslResponse(b"c=biws"), b"p\0\0\0\x0ac=biws"),
]

BACKEND: list[tuple[BackendMessage, bytes]] = [
    (auth.AuthenticationOk(), b"R\0\0\0\x08\0\0\0\0"),
    (auth.AuthenticationCleartextPassword(), b"R\0\0\0\x08\0\0\0\x03"),
    (auth.AuthenticationMd5Password(b"salt"), b"R\0\0\0\x0c\0\0\0\x05salt"),
    (auth.AuthenticationSasl(("SCRAM-SHA-256",)), b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"),
    (auth.AuthenticationSaslContinue(b"r=x"), b"R\0\0\0\x0b\0\0\0\x0br=x"),
    (auth.AuthenticationSaslFinal(b"v=x"), b"R\0\0\0\x0b\0\0\0\x0cv=x"),
    (backend.BackendKeyData(7, b"\x01\x02\x03\x04"), b"K\0\0\0\x0c\0\0\0\x07\x01\x02\x03\x04"),
    (backend.BackendKeyData(2**31, b"k" * 32), b"K\0\0\0\x28\x80\0\0\0" + b"k" * 32),
    (backend.ParameterStatus("TimeZone", "Europe/Zürich"), b"S\0\0\0\x1cTimeZone\0Europe/Z\xc3\xbcrich\0"),
    (backend.ParameterStatus("x", "\udcff"), b"S\0\0\0\x08x\0\xff\0"),  # no UTF-8: kept as it is
    (backend.NegotiateProtocolVersion(3 << 16 | 2, ("_pq_.a",)), b"v\0\0\0\x13\0\x03\0\x02\0\0\0\x01_pq_.a\0"),
    (backend.ReadyForQuery(b"I"), b"Z\0\0\0\x05I"),
    (backend.ReadyForQuery(b"E"), b"Z\0\0\0\x05E"),
    (
        backend.RowDescription((backend.Column(b"id", 16384, 1, 23, 4, -1, 0),)),
        b"T\0\0\0\x1b\0\x01id\0\0\0\x40\0\0\x01\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0",
    ),
    (backend.DataRow((b"1", None, b"")), b"D\0\0\0\x13\0\x03\0\0\0\x011\xff\xff\xff\xff\0\0\0\0"),
    (backend.DataRow(()), b"D\0\0\0\x06\0\0"),
    (backend.CommandComplete("INSERT 0 3"), b"C\0\0\0\x0fINSERT 0 3\0"),
    (backend.ParameterDescription((23, 25)), b"t\0\0\0\x0e\0\x02\0\0\0\x17\0\0\0\x19"),
    (backend.NotificationResponse(9, "jobs", "42"), b"A\0\0\0\x10\0\0\0\x09jobs\x0042\0"),
    (backend.CopyInResponse(0, (0, 0)), b"G\0\0\0\x0b\0\0\x02\0\0\0\0"),
    (backend.CopyOutResponse(1, (1,)), b"H\0\0\0\x09\x01\0\x01\0\x01"),
    (backend.CopyBothResponse(0, ()), b"W\0\0\0\x07\0\0\0"),
    (backend.CopyData(b"\0"), b"d\0\0\0\x05\0"),
    (backend.CopyDone(), b"c\0\0\0\x04"),
    (backend.FunctionCallResponse(None), b"V\0\0\0\x08\xff\xff\xff\xff"),
    (backend.ParseComplete(), b"1\0\0\0\x04"),
    (backend.BindComplete(), b"2\0\0\0\x04"),
    (backend.CloseComplete(), b"3\0\0\0\x04"),
    (backend.NoData(), b"n\0\0\0\x04"),
    (backend.EmptyQueryResponse(), b"I\0\0\0\x04"),
    (backend.PortalSuspended(), b"s\0\0\0\x04"),
    (
        ErrorResponse.of("ERROR", "42501", "no", hint="ask"),
        b"E\0\0\0\x23SERROR\0VERROR\0C42501\0Mno\0Hask\0\0",
    ),
    (NoticeResponse((("S", "HINWEIS"), ("?", "unknown field"))), b"N\0\0\0\x1dSHINWEIS\0?unknown field\0\0"),
]

STARTUP: list[tuple[startup.StartupPacket, bytes]] = [
    (startup.SslRequest(), b"\0\0\0\x08\x04\xd2\x16\x2f"),
    (startup.GssEncRequest(), b"\0\0\0\x08\x04\xd2\x16\x30"),
    (startup.CancelRequest(258, b"abcd"), b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\x01\x02abcd"),
    (startup.CancelRequest(258, b"k" * 32), b"\0\0\0\x2c\x04\xd2\x16\x2e\0\0\x01\x02" + b"k" * 32),
    (
        startup.StartupMessage(startup.PROTOCOL_3_0, (("user", "alice"), ("database", "shop"))),
        b"\0\0\0\x22\0\x03\0\0user\0alice\0database\0shop\0\0",
    ),
    (startup.StartupMessage(startup.PROTOCOL_3_2, ()), b"\0\0\0\x09\0\x03\0\x02\0"),
]
