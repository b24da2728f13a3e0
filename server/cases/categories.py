"""What matters are about; the texts stand in the catalogues under `category.<code>`."""

from enum import StrEnum


class Category(StrEnum):
    LABOUR = "labour"
    TRAFFIC = "traffic"
    FAMILY = "family"
    SCHOOL = "school"
    CONSUMER = "consumer"
    MEDICAL = "medical"
    ENVIRONMENT = "environment"
    PROPERTY = "property"
    FINANCE = "finance"
    NEWCOMERS = "newcomers"
    LAND = "land"
    NEIGHBOURS = "neighbours"
    CONTRACT = "contract"
    ADMINISTRATIVE = "administrative"
    OTHER = "other"
