-- In how many of its 64 bits one picture's fingerprint differs from another's; null where either has none. Inlined where
-- it is used.
create function fingerprint_distance(one bigint, other bigint) returns bigint
    language sql immutable parallel safe
    return bit_count((one # other)::bit(64));
