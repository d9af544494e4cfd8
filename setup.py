"""ament_python package that colcon builds and pip installs."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = "dexterity_ros"
NODES = (
    "sim_node",
    "hand_node",
    "policy_node",
    "goal_node",
    "safety_node",
    "exercise_node",
    "leader_node",
    "recorder_node",
    "player_node",
    "sim_camera_node",
    "pose_node",
    "camera_node",
    "viewer_node",
)

RUNTIME = [
    "setuptools",
    "numpy>=1.26",
    "array-api-compat>=1.9",
    "PyYAML>=6.0",
    "tyro>=1.0.16",
    "rich>=13",
    "onnxruntime>=1.20",
]
EXTRAS = {
    "ros": [
        "ros-rclpy[fastrtps]>=7.1",
        "ros-sensor-msgs",
        "ros-geometry-msgs",
        "ros-diagnostic-msgs",
        "ros-std-msgs",
        "ros-std-srvs",
        "ros-lifecycle-msgs",
        "ros-rosgraph-msgs",
        "ros-visualization-msgs",
    ],
    "hardware": [
        "dynamixel-sdk>=4.0",
        "pyserial>=3.5",
        "pyrealsense2>=2.56; platform_machine == 'x86_64'",
        "libusb-package>=1.0.26",
        "opencv-python-headless>=4.9",
    ],
    "perception": ["opencv-python-headless>=4.9", "scipy>=1.11", "trimesh>=4.0"],
    "objects": ["trimesh>=4.0", "scipy>=1.11", "coacd>=1.0", "opencv-python-headless>=4.9"],
    "bags": ["rosbags>=0.11", "mcap>=1.2", "zstandard>=0.22", "lz4>=4.0"],
    "export": ["pyarrow>=15"],
    "sim": ["mujoco>=3.3", "opencv-python-headless>=4.9"],
    "train": [
        "mujoco>=3.3",
        "opencv-python-headless>=4.9",
        "torch>=2.6",
        "onnx>=1.17",
        "onnxscript>=0.3",
        "tqdm>=4.66",
    ],
    "tensorboard": ["tensorboard>=2.15"],
    "import": ["onnx>=1.17"],
    "ray": ["ray>=2.40"],
    "viewer": ["viser>=1.1", "websockets>=15", "msgspec>=0.18.6"],
    "report": ["matplotlib>=3.8", "pillow>=10.0"],
    "test": [
        "pytest>=8.0",
        "hypothesis>=6.100",
        "pytest-timeout>=2.3",
        "pytest-cov>=5.0",
        "pytest-xdist>=3.6",
        "import-linter>=2.1",
        "ruff>=0.9",
        "mypy>=1.13",
        "types-PyYAML",
        "dynamixel-sdk>=4.0",
        "opencv-python-headless>=4.9",
        "pyrealsense2>=2.56; platform_machine == 'x86_64'",
        "libusb-package>=1.0.26",
        "trimesh>=4.0",
        "coacd>=1.0",
        "playwright>=1.40",
        "gymnasium>=1.0",
        "tensorboard>=2.15",
        "matplotlib>=3.8",
        "pillow>=10.0",
    ],
    "bench": ["matplotlib>=3.8"],
}


def data_files() -> list[tuple[str, list[str]]]:
    """Returns config, models, launch files and node scripts with the folders they are installed to."""
    files = [
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", sorted(str(p) for p in Path("launch").glob("*.launch.py"))),
        (f"lib/{NAME}", sorted(str(p) for p in Path("libexec").glob("*"))),
    ]
    for root in ("config", "models"):
        folders = sorted({path.parent for path in Path(root).rglob("*") if path.is_file()})
        files += [(f"share/{NAME}/{d}", sorted(str(p) for p in d.iterdir() if p.is_file())) for d in folders]
    return files


setup(
    name=NAME,
    version="0.1.0",
    description="Deployment runtime for dexterous in-hand manipulation policies on real robot hands",
    long_description=Path("README.md").read_text() if Path("README.md").exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    maintainer="dexterity_ros maintainers",
    maintainer_email="maintainers@example.com",
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={f"{NAME}.reporting": ["assets/*"]},
    python_requires=">=3.11",
    install_requires=RUNTIME,
    extras_require=EXTRAS,
    data_files=data_files(),
    zip_safe=False,
    entry_points={
        "console_scripts": [
            "dexterity = dexterity_ros.cli.main:main",
            *[f"{node} = dexterity_ros.nodes.{node}:main" for node in NODES],
        ]
    },
)
