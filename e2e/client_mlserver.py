"""A wine model for MLServer, and what its clients ask it: tritonclient, which is MLServer's own, and plain gRPC. Run by
its venv's Python, see `model_server`.

  client_mlserver.py train FILE             a model of scikit-learn's wine data
  client_mlserver.py rest FILE HOST:PORT    predictions over REST, one line of JSON for each
  client_mlserver.py grpc FILE HOST:PORT    the same over gRPC
"""

import json
import sys

import joblib
import numpy
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS = 6
SERVICE = "/inference.GRPCInferenceService"


def train(file):
    data, target = load_wine(return_X_y=True)
    joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(data, target), file)


def samples(file):
    """Rows of wine, and the class that the model gives to each."""
    rows = load_wine().data[:: 178 // ROWS][:ROWS]
    return rows, joblib.load(file).predict(rows)


def tell(**what):
    print(json.dumps(what), flush=True)


def rest(file, address):
    import tritonclient.http as triton

    client = triton.InferenceServerClient(url=address)
    if not (client.is_server_live() and client.is_model_ready("wine")):
        sys.exit("rest: not ready")
    forms = ({}, {"request_compression_algorithm": "gzip"}, {"response_compression_algorithm": "gzip"})
    for i, (row, expected) in enumerate(zip(*samples(file), strict=True)):
        given = triton.InferInput("input", [1, len(row)], "FP64")
        given.set_data_from_numpy(row.reshape(1, -1), binary_data=False)
        wanted = [triton.InferRequestedOutput("predict", binary_data=False)]
        name = f"rest-{i}"
        answer = client.infer("wine", [given], outputs=wanted, headers={"request-id": name}, **forms[i % len(forms)])
        got = answer.as_numpy("predict").ravel().tolist()
        if got != [expected]:
            sys.exit(f"{name}: {got}, not {expected}")
        tell(name=name, input=row.tolist(), prediction=got)
    try:
        client.infer("port", [given], headers={"request-id": "rest-unknown"})
        sys.exit("rest: an unknown model answered")
    except triton.InferenceServerException as error:
        tell(name="rest-unknown", status=error.status())


def grpc(file, address):
    import grpc as library
    import tritonclient.grpc as triton
    from tritonclient.grpc import service_pb2 as messages

    client = triton.InferenceServerClient(url=address)
    if not (client.is_server_live() and client.is_model_ready("wine")):
        sys.exit("grpc: not ready")
    rows, classes = samples(file)
    given = triton.InferInput("input", list(rows.shape), "FP64")
    given.set_data_from_numpy(rows)
    answer = client.infer("wine", [given], headers={"request-id": "grpc-triton"})
    if answer.as_numpy("predict").ravel().tolist() != classes.tolist():
        sys.exit(f"grpc-triton: {answer.get_response()}")
    tell(name="grpc-triton", code=0)
    client.close()

    # Bytes as they go over the wire, to be found in the record.
    channel = library.insecure_channel(address)
    infer = channel.unary_unary(f"{SERVICE}/ModelInfer")
    for i, (row, expected) in enumerate(zip(rows, classes, strict=True)):
        contents = messages.InferTensorContents(fp64_contents=row.tolist())
        tensor = messages.ModelInferRequest.InferInputTensor(
            name="input", datatype="FP64", shape=[1, len(row)], contents=contents
        )
        request = messages.ModelInferRequest(model_name="wine", inputs=[tensor]).SerializeToString()
        name = f"grpc-{i}"
        response = infer(request, metadata=(("request-id", name),), timeout=30)
        told = messages.ModelInferResponse.FromString(response).outputs[0].contents
        got = numpy.array(told.int64_contents or told.int_contents).tolist()
        if got != [expected]:
            sys.exit(f"{name}: {got}, not {expected}")
        tell(name=name, code=0, request=request.hex(), response=response.hex())
    request = messages.ModelInferRequest(model_name="port").SerializeToString()
    try:
        infer(request, metadata=(("request-id", "grpc-unknown"),), timeout=30)
        sys.exit("grpc: an unknown model answered")
    except library.RpcError as error:
        code, details = error.code().value[0], error.details()
        tell(name="grpc-unknown", code=code, details=details, request=request.hex(), response="")


{"train": train, "rest": rest, "grpc": grpc}[sys.argv[1]](*sys.argv[2:])
