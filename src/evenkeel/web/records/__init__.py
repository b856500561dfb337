"""Everything staff and patients share: persons, referrals, courses, treatments, the register."""
