-- The chain. Each entry's hash covers the hash before it and every column, each
-- written with its length so that no two rows can spell the same bytes.
CREATE FUNCTION ledger_part(value text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN value IS NULL THEN '-;'
                ELSE octet_length(convert_to(value, 'UTF8')) || ':' || value || ';' END
$$;

CREATE FUNCTION ledger_micros(moment timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT (extract(epoch FROM moment) * 1000000)::bigint::text
$$;

-- SECURITY DEFINER: the application's role may insert entries and nothing else,
-- yet the head of the chain has to move.
CREATE FUNCTION ledger_chain() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    head ledger_head%ROWTYPE;
BEGIN
    SELECT * INTO STRICT head FROM ledger_head WHERE id = 1 FOR UPDATE;
    NEW.seq := head.seq + 1;
    NEW.recorded_at := date_trunc('microseconds', clock_timestamp());
    NEW.prev_hash := head.hash;
    NEW.hash := sha256(head.hash || convert_to(
        ledger_part(NEW.seq::text)
        || ledger_part(ledger_micros(NEW.recorded_at))
        || ledger_part(ledger_micros(NEW.happened_at))
        || ledger_part(NEW.actor_id::text)
        || ledger_part(NEW.actor_name)
        || ledger_part(NEW.actor_role)
        || ledger_part(NEW.action)
        || ledger_part(NEW.patient_id::text)
        || ledger_part(NEW.subject_type)
        || ledger_part(NEW.subject_id)
        || ledger_part(NEW.sentence)
        || ledger_part(NEW.reason)
        || ledger_part(NEW.data::text), 'UTF8'));
    UPDATE ledger_head SET seq = NEW.seq, hash = NEW.hash WHERE id = 1;
    RETURN NEW;
END
$$;

CREATE TRIGGER ledger_chain BEFORE INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_chain();

-- Shared by every append-only table of the system.
CREATE FUNCTION append_only() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: this table only grows', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation',
              HINT = 'Write a correction that supersedes the earlier row.';
END
$$;

CREATE TRIGGER ledger_entry_only_grows BEFORE UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION append_only();
CREATE TRIGGER ledger_entry_is_not_emptied BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

INSERT INTO ledger_head (id, seq, hash) VALUES (1, 0, sha256('evenkeel ledger'::bytea));
