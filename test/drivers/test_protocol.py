"""Packets are those of the manual; nothing that arrives can break the parser."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dexterity_ros.drivers.dynamixel.protocol import (
    HEADER,
    MAX_PACKET,
    Instruction,
    Parser,
    build,
    crc16,
    crc16_rows,
    status,
    stuff,
    sync_read_parameters,
    sync_write_parameters,
    unstuff,
)

# ROBOTIS e-Manual, Protocol 2.0, examples of each instruction.
MANUAL = [
    (build(1, Instruction.PING), "FF FF FD 00 01 03 00 01 19 4E"),
    (build(1, Instruction.READ, bytes([0x84, 0x00, 0x04, 0x00])), "FF FF FD 00 01 07 00 02 84 00 04 00 1D 15"),
    (
        build(1, Instruction.WRITE, bytes([0x74, 0x00, 0x00, 0x02, 0x00, 0x00])),
        "FF FF FD 00 01 09 00 03 74 00 00 02 00 00 CA 89",
    ),
    (build(1, Instruction.REBOOT), "FF FF FD 00 01 03 00 08 2F 4E"),
    (
        build(0xFE, Instruction.SYNC_READ, sync_read_parameters(132, 4, [1, 2])),
        "FF FF FD 00 FE 09 00 82 84 00 04 00 01 02 CE FA",
    ),
    (
        build(
            0xFE,
            Instruction.SYNC_WRITE,
            sync_write_parameters(116, [1, 2], np.array([[0x96, 0, 0, 0], [0xAA, 0, 0, 0]], dtype=np.uint8)),
        ),
        "FF FF FD 00 FE 11 00 83 74 00 04 00 01 96 00 00 00 02 AA 00 00 00 82 87",
    ),
    (status(1, 0, bytes([0x06, 0x04, 0x26])), "FF FF FD 00 01 07 00 55 00 06 04 26 65 5D"),
]


def test_packets_equal_the_manuals_examples():
    for packet, expected in MANUAL:
        assert packet == bytes.fromhex(expected), packet.hex(" ")


bodies = st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x55]) | st.integers(0, 255), max_size=60).map(bytes)


@given(bodies)
def test_stuffing_can_be_undone_and_hides_every_header(body):
    assert unstuff(stuff(body)) == body
    assert b"\xff\xff\xfd\x00" not in stuff(body)


@given(st.integers(0, 252), bodies)
def test_every_packet_comes_back_from_the_parser(motor_id, parameters):
    (packet,) = Parser().feed(status(motor_id, 0x80, parameters))
    assert (packet.id, packet.instruction, packet.error, packet.parameters) == (motor_id, 0x55, 0x80, parameters)
    assert packet.alert


@settings(max_examples=300)
@given(st.lists(st.binary(max_size=80) | bodies, max_size=8))
def test_no_bytes_make_the_parser_raise_or_keep_more_than_one_packet(chunks):
    parser = Parser()
    for chunk in chunks:
        parser.feed(chunk)
        assert parser.pending <= MAX_PACKET + 80


@given(st.binary(max_size=30), st.binary(max_size=30), st.integers(1, 20))
def test_a_good_packet_is_found_between_noise_however_it_is_cut(before, after, piece):
    wanted = status(7, 0, b"abcd")
    stream = before.replace(b"\xff", b"") + wanted + after
    parser, found = Parser(), []
    for i in range(0, len(stream), piece):
        found += parser.feed(stream[i : i + piece])
    assert wanted[9:13] in [packet.parameters for packet in found]


def test_a_packet_inside_a_broken_one_is_found():
    good = status(3, 0, b"\x01\x02")
    # A motor was cut off in mid-packet and the next one began: the first length covers both.
    head = HEADER + bytes([4]) + (len(good) + 4).to_bytes(2, "little") + b"\x55\x00"
    found = Parser().feed(head + good + b"\x00\x00")
    assert [packet.id for packet in found] == [3]


@given(st.lists(st.binary(min_size=12, max_size=12), min_size=1, max_size=20))
def test_the_checksum_of_many_is_the_checksum_of_each(packets):
    rows = np.frombuffer(b"".join(packets), dtype=np.uint8).reshape(len(packets), 12)
    assert crc16_rows(rows).tolist() == [crc16(packet) for packet in packets]
