ARG PYTHON=3.13
FROM python:${PYTHON}-slim

WORKDIR /opt/parfocal

# The requirements change seldom and the code often: the layer above stays cached.
COPY requirements.lock ./
RUN python -m pip install --no-cache-dir --require-hashes --only-binary :all: --requirement requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY app app
COPY engine engine
COPY migrations migrations
RUN python -m pip install --no-cache-dir --no-index --no-deps --no-build-isolation .

# A named volume takes over the owner of the folder it is mounted on.
RUN useradd --uid 10001 --user-group --no-create-home parfocal \
    && install --directory --owner parfocal --group parfocal /data
USER 10001:10001

ENV PARFOCAL_DATA_DIR=/data \
    PARFOCAL_HOST=0.0.0.0 \
    PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 8000

# Docker hands its client's proxies to containers; the question must not leave this one.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:8000/readyz', timeout=4)"]

CMD ["parfocal", "serve"]
