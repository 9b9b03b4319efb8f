"""Makes the event file beside it with TensorBoard's own writer: pip install tensorboard."""
import glob
import os

import tensorboard
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

folder = os.path.dirname(os.path.abspath(__file__))
for old in glob.glob(folder + "/events.out.tfevents.*"):
    os.remove(old)
writer = EventFileWriter(folder)
for step, loss, rate in [(1, 1.5, 0.0), (2, 0.5, 0.01), (3, 0.25, 0.001)]:
    values = [
        Summary.Value(tag="loss", simple_value=loss),
        Summary.Value(tag="rate", simple_value=rate),
    ]
    event = Event(wall_time=1700000000 + step, step=step, summary=Summary(value=values))
    writer.add_event(event)
writer.close()
(made,) = glob.glob(folder + "/events.out.tfevents.*")
os.rename(made, folder + "/events.out.tfevents.1700000000.fixture")
print("tensorboard", tensorboard.__version__)
