"""One read-and-write cycle of a hand's bus, by several clients in turn, against an emulated bus in another process."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import dynamixel_sdk as sdk
import numpy as np

from dexterity_ros.contracts.robot_hand import RobotHand
from dexterity_ros.drivers.dynamixel import protocol
from dexterity_ros.drivers.dynamixel.control_table import x_series
from dexterity_ros.drivers.dynamixel.native_bus import open_native
from dexterity_ros.drivers.dynamixel.sdk_bus import SdkBus
from dexterity_ros.drivers.dynamixel.serial_port import SerialPort

_ROUND_S = 1.0
_READ_LENGTH = 10  # current, velocity, position

Cycle = Callable[[], None]


def bench_bus(hand: RobotHand, *, baud: int, usb_latency_ms: float, rounds: int) -> dict[str, dict[str, float]]:
    """Returns {client: {p50_ms, p99_ms, per_s, cpu_ms}}, medians over `rounds` interleaved rounds.

    canned: sends the same bytes and waits for the same number, nothing else; the most that any client can reach.
    native, sdk_worked_around: our two backends. native_fast: with FAST_SYNC_READ. sdk_plain: the vendor's
    GroupSyncRead and GroupSyncWrite as they are.
    """
    makers = {
        "canned": _canned,
        "native": _native,
        "native_fast": _native_fast,
        "sdk_worked_around": _worked_around,
        "sdk_plain": _plain,
    }
    rows: dict[str, list[dict[str, float]]] = {name: [] for name in makers}
    command = [sys.executable, "-m", "dexterity_ros.drivers.emulated.serve", "--hand", hand.name]
    command += ["--baud", str(baud), "--usb-latency-ms", str(usb_latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        path = server.stdout.readline().strip()
        try:
            for _ in range(rounds):
                for name, make in makers.items():
                    cycle, close = make(hand, path, baud)
                    rows[name].append(_measure(cycle))
                    close()
        finally:
            server.send_signal(signal.SIGINT)
    return {
        name: {key: round(float(np.median([row[key] for row in values])), 4) for key in values[0]}
        for name, values in rows.items()
    }


def _measure(cycle: Cycle) -> dict[str, float]:
    for _ in range(5):
        cycle()
    walls = []
    began, cpu_began = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < _ROUND_S:
        start = time.perf_counter()
        cycle()
        walls.append(time.perf_counter() - start)
    cpu_s = time.process_time() - cpu_began
    p50, p99 = np.quantile(walls, [0.5, 0.99])
    return {
        "p50_ms": float(p50) * 1e3,
        "p99_ms": float(p99) * 1e3,
        "per_s": len(walls) / sum(walls),
        "cpu_ms": cpu_s / len(walls) * 1e3,
    }


def _ids(hand: RobotHand) -> tuple[int, ...]:
    return hand.motor_ids


def _goals(hand: RobotHand) -> "np.ndarray[Any, np.dtype[np.uint8]]":
    return np.frombuffer(np.full(len(hand.joints), 2048, dtype="<i4").tobytes(), dtype=np.uint8).reshape(-1, 4)


def _canned(hand: RobotHand, path: str, baud: int) -> tuple[Cycle, Cycle]:
    registers, ids = x_series(), _ids(hand)
    read = protocol.build(
        protocol.BROADCAST,
        protocol.Instruction.SYNC_READ,
        protocol.sync_read_parameters(registers["present_current"].address, _READ_LENGTH, ids),
    )
    write = protocol.build(
        protocol.BROADCAST,
        protocol.Instruction.SYNC_WRITE,
        protocol.sync_write_parameters(registers["goal_position"].address, ids, _goals(hand)),
    )
    port, expected = SerialPort(path, baud), len(ids) * (11 + _READ_LENGTH)

    def cycle() -> None:
        port.write(read)
        received, deadline_ns = 0, port.now_ns() + 100_000_000
        while received < expected and (data := port.read(deadline_ns)):
            received += len(data)
        port.write(write)

    return cycle, port.close


def _backend(bus: Any, hand: RobotHand, *, fast: bool = False) -> tuple[Cycle, Cycle]:
    registers, ids, goals = x_series(), _ids(hand), _goals(hand)
    read = bus.fast_sync_read if fast else bus.sync_read

    def cycle() -> None:
        read(ids, registers["present_current"].address, _READ_LENGTH)
        bus.sync_write(ids, registers["goal_position"].address, goals)

    return cycle, bus.close


def _native(hand: RobotHand, path: str, baud: int) -> tuple[Cycle, Cycle]:
    return _backend(open_native(path, baud), hand)


def _native_fast(hand: RobotHand, path: str, baud: int) -> tuple[Cycle, Cycle]:
    return _backend(open_native(path, baud), hand, fast=True)


def _worked_around(hand: RobotHand, path: str, baud: int) -> tuple[Cycle, Cycle]:
    return _backend(SdkBus(path, baud), hand)


def _plain(hand: RobotHand, path: str, baud: int) -> tuple[Cycle, Cycle]:
    registers = x_series()
    port, packets = sdk.PortHandler(path), sdk.PacketHandler(2.0)
    port.setBaudRate(baud)
    reader = sdk.GroupSyncRead(port, packets, registers["present_current"].address, _READ_LENGTH)
    writer = sdk.GroupSyncWrite(port, packets, registers["goal_position"].address, 4)
    for motor_id, row in zip(_ids(hand), _goals(hand), strict=True):
        reader.addParam(motor_id)
        writer.addParam(motor_id, row.tolist())

    def cycle() -> None:
        reader.txRxPacket()
        writer.txPacket()

    return cycle, port.closePort
