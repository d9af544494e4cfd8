"""ros2 launch dexterity_ros gazebo.launch.py hand:=./hands/mine: an imported hand in Gazebo, under ros2_control."""

from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchDescription

CONTROLLERS = ("joint_state_broadcaster", "hand_controller")


def generate_launch_description():  # noqa: ANN201
    """Returns the launch description."""
    arguments = [
        DeclareLaunchArgument("hand", description="folder that dexterity import hand wrote"),
        DeclareLaunchArgument("world", default_value="empty.sdf", description="SDF file of the world"),
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=_actions)])


def _actions(context):  # noqa: ANN001, ANN202
    folder = Path(LaunchConfiguration("hand").perform(context)).expanduser().resolve() / "gazebo"
    urdf = (folder / "hand.urdf").read_text()
    urdf = urdf.replace("<parameters>controllers.yaml<", f"<parameters>{folder / 'controllers.yaml'}<")
    gazebo = Path(get_package_share_directory("ros_gz_sim")) / "launch" / "gz_sim.launch.py"
    world = LaunchConfiguration("world").perform(context)
    return [
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(str(gazebo)), launch_arguments={"gz_args": f"-r {world}"}.items()
        ),
        Node(package="robot_state_publisher", executable="robot_state_publisher", parameters=[_described(urdf)]),
        Node(package="ros_gz_sim", executable="create", arguments=["-topic", "robot_description"]),
        Node(
            package="ros_gz_bridge", executable="parameter_bridge",
            parameters=[{"config_file": str(folder / "bridge.yaml"), "use_sim_time": True}],
        ),
        *(Node(package="controller_manager", executable="spawner", arguments=[name]) for name in CONTROLLERS),
    ]  # fmt: skip


def _described(urdf):  # noqa: ANN001, ANN202
    return {"robot_description": urdf, "use_sim_time": True}
