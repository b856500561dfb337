"""The tables, by what they are about."""

from evenkeel.web.records.models.assessments import (
    Assessment,
    AssessmentRequest,
    MailMessage,
    Task,
)
from evenkeel.web.records.models.base import Once
from evenkeel.web.records.models.cds import CdsCard, CdsClient, CdsFeedback, CdsToken
from evenkeel.web.records.models.consent import ConsentRecord, Purpose, SingleUseLink
from evenkeel.web.records.models.courses import (
    Chair,
    Course,
    CourseBaseline,
    MaintenanceDecision,
    Shift,
    Treatment,
)
from evenkeel.web.records.models.devices import Device, DeviceMessage, Reading
from evenkeel.web.records.models.editions import ContentEdition, EditionEffect, EditionReview
from evenkeel.web.records.models.packets import Packet
from evenkeel.web.records.models.patients import Patient, PatientIdentifier, Sex
from evenkeel.web.records.models.referrals import ChartItem, Referral
from evenkeel.web.records.models.screening import FactAnswer, ScreeningDecision
from evenkeel.web.records.models.site import ModelAnswer, SiteSwitch
from evenkeel.web.records.models.treatments import (
    Container,
    DoseCheck,
    DoseOrder,
    RegisterEntry,
    TreatmentEvent,
)

__all__ = [
    "Assessment",
    "AssessmentRequest",
    "CdsCard",
    "CdsClient",
    "CdsFeedback",
    "CdsToken",
    "Chair",
    "ChartItem",
    "ConsentRecord",
    "Container",
    "ContentEdition",
    "Course",
    "CourseBaseline",
    "Device",
    "DeviceMessage",
    "DoseCheck",
    "DoseOrder",
    "EditionEffect",
    "EditionReview",
    "FactAnswer",
    "MailMessage",
    "MaintenanceDecision",
    "ModelAnswer",
    "Once",
    "Packet",
    "Patient",
    "PatientIdentifier",
    "Purpose",
    "Reading",
    "Referral",
    "RegisterEntry",
    "ScreeningDecision",
    "Sex",
    "Shift",
    "SingleUseLink",
    "SiteSwitch",
    "Task",
    "Treatment",
    "TreatmentEvent",
]
