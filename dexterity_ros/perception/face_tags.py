"""The pose of an object from the AprilTags on it: rough and only where tags are seen, but never a symmetric one."""

import cv2
import numpy as np
from numpy.typing import NDArray

from dexterity_ros.contracts.camera import CameraSpec
from dexterity_ros.contracts.faces import TAG_FAMILY, Labelled
from dexterity_ros.contracts.frames import quat_multiply, quat_rotate, rotvec_to_quat
from dexterity_ros.contracts.samples import DepthSample, PoseSample

_MAX_ERROR_PX = 2.0  # corners further from where the pose puts them mean a wrong pose


class FaceTags:
    """A stage: colour image in, pose of the object in the hand frame out."""

    def __init__(self, item: Labelled, camera: CameraSpec) -> None:
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, TAG_FAMILY))
        self._detector = cv2.aruco.ArucoDetector(dictionary, parameters)
        self._corners = {face.tag: item.tag_corners(k) for k, face in enumerate(item.faces) if face.tag is not None}
        self._camera, self._matrix = camera, camera.matrix.reshape(3, 3)

    def step(self, image: DepthSample) -> PoseSample | None:
        """Returns the pose of the object, or None when no tag is seen well enough."""
        if image.rgb is None:
            return None
        found, numbers, _ = self._detector.detectMarkers(cv2.cvtColor(image.rgb, cv2.COLOR_RGB2GRAY))
        seen_tags = zip([] if numbers is None else np.ravel(numbers).tolist(), found, strict=True)
        pairs = [(self._corners[number], corners[0]) for number, corners in seen_tags if number in self._corners]
        if not pairs:
            return None
        local = np.concatenate([corners for corners, _ in pairs])
        pixels = np.concatenate([seen for _, seen in pairs]).astype(float)
        good, turn, shift = cv2.solvePnP(local, pixels, self._matrix, None, flags=cv2.SOLVEPNP_SQPNP)
        if not good:
            return None
        turn, shift = cv2.solvePnPRefineLM(local, pixels, self._matrix, None, turn, shift)
        expected, _ = cv2.projectPoints(local, turn, shift, self._matrix, None)
        if float(np.abs(expected[:, 0] - pixels).max()) > _MAX_ERROR_PX:
            return None
        stands = np.array(self._camera.quat_wxyz)
        return PoseSample(
            stamp_ns=image.stamp_ns,
            pos_m=np.array(self._camera.pos_m) + quat_rotate(stands, shift[:, 0]),
            quat_wxyz=quat_multiply(stands, rotvec_to_quat(turn[:, 0])),
        )


def tag_paper(number: int) -> NDArray[np.uint8]:
    """Returns a tag with a white margin of one cell, a pixel per cell, 0 or 255."""
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, TAG_FAMILY))
    marker = cv2.aruco.generateImageMarker(dictionary, number, dictionary.markerSize + 2)
    return np.pad(marker, 1, constant_values=255)
