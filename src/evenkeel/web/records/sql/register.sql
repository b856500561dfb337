-- What the register must never hold, whoever writes to it.
-- Drawn = given + wasted for each container; waste closes the account exactly.

CREATE FUNCTION register_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    box records_container%ROWTYPE;
    drawn numeric;
    used numeric;
BEGIN
    IF NEW.kind = 'counted' THEN
        IF NEW.count IS NULL OR NEW.expected IS NULL THEN
            RAISE EXCEPTION 'a count needs both numbers' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    -- One writer at a time per container, so that two sums cannot both be the last.
    SELECT * INTO box FROM records_container WHERE id = NEW.container_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'a register line names its container' USING ERRCODE = '23514';
    END IF;
    IF box.product <> NEW.product THEN
        RAISE EXCEPTION 'container % is of another product', box.label USING ERRCODE = '23514';
    END IF;
    IF NEW.kind = 'received' THEN
        IF NEW.mg <> box.mg OR EXISTS (
            SELECT 1 FROM records_registerentry WHERE container_id = box.id
        ) THEN
            RAISE EXCEPTION 'container % comes in once and whole', box.label
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM records_registerentry WHERE container_id = box.id AND kind = 'received'
    ) OR EXISTS (
        SELECT 1 FROM records_registerentry WHERE container_id = box.id AND kind = 'returned'
    ) THEN
        RAISE EXCEPTION 'container % is not in the safe', box.label USING ERRCODE = '23514';
    END IF;
    SELECT coalesce(sum(mg) FILTER (WHERE kind = 'drawn'), 0),
           coalesce(sum(mg) FILTER (WHERE kind IN ('given', 'wasted')), 0)
      INTO drawn, used
      FROM records_registerentry WHERE container_id = box.id;
    IF NEW.kind = 'drawn' THEN
        -- A day of grace: the clinic's date may be one behind the server's.
        IF box.expires_on < (NEW.at AT TIME ZONE 'UTC')::date - 1 THEN
            RAISE EXCEPTION 'container % has expired', box.label USING ERRCODE = '23514';
        END IF;
        IF NEW.mg <> box.mg OR NEW.treatment_id IS NULL THEN
            RAISE EXCEPTION 'container % is drawn whole and for one treatment', box.label
                USING ERRCODE = '23514';
        END IF;
    ELSIF NEW.kind = 'returned' THEN
        IF drawn > 0 OR NEW.mg <> box.mg THEN
            RAISE EXCEPTION 'container % is returned unopened or not at all', box.label
                USING ERRCODE = '23514';
        END IF;
    ELSIF NEW.kind = 'given' THEN
        IF used + NEW.mg > drawn THEN
            RAISE EXCEPTION 'container %: more given than was drawn', box.label
                USING ERRCODE = '23514';
        END IF;
    ELSIF NEW.kind = 'wasted' THEN
        IF used + NEW.mg <> drawn OR drawn = 0 THEN
            RAISE EXCEPTION 'container %: drawn = given + wasted does not hold', box.label
                USING ERRCODE = '23514';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER records_register_adds_up BEFORE INSERT ON records_registerentry
    FOR EACH ROW EXECUTE FUNCTION register_adds_up();
