"""What a database contains.

objects    relations, columns, functions, types, operators, casts: frozen values with engine-neutral names
conversions   users' functions that conversions run unasked
snapshot   CatalogSnapshot: one catalog at one moment, and what names mean in it; SystemCatalog: what came with the server
postgres, mysql   read_postgres, read_mysql: a snapshot from a live connection; the change probe
service    CatalogService: the current snapshot of every target, kept fresh
"""

from gateway.catalog.errors import CatalogUnreadable
from gateway.catalog.mysql import probe_mysql, read_mysql
from gateway.catalog.objects import (
    CastInfo,
    ColumnInfo,
    EventTriggerInfo,
    ExtensionInfo,
    ForeignKey,
    FunctionInfo,
    FunctionKind,
    OperatorInfo,
    QName,
    ReferentialAction,
    RelationInfo,
    RelationKind,
    RowPolicy,
    RuleInfo,
    SchemaInfo,
    TriggerInfo,
    TypeInfo,
    TypeKind,
    Volatility,
)
from gateway.catalog.postgres import probe_postgres, read_postgres
from gateway.catalog.service import CatalogService, Connector, Freshness, Reader
from gateway.catalog.snapshot import CatalogSnapshot, SystemCatalog, TemporaryRelation

__all__ = [
    "CastInfo",
    "CatalogService",
    "CatalogSnapshot",
    "CatalogUnreadable",
    "ColumnInfo",
    "Connector",
    "EventTriggerInfo",
    "ExtensionInfo",
    "ForeignKey",
    "Freshness",
    "FunctionInfo",
    "FunctionKind",
    "OperatorInfo",
    "QName",
    "Reader",
    "ReferentialAction",
    "RelationInfo",
    "RelationKind",
    "RowPolicy",
    "RuleInfo",
    "SchemaInfo",
    "SystemCatalog",
    "TemporaryRelation",
    "TriggerInfo",
    "TypeInfo",
    "TypeKind",
    "Volatility",
    "probe_mysql",
    "probe_postgres",
    "read_mysql",
    "read_postgres",
]
