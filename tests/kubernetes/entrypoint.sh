#!/bin/bash
# Does with "driver" and "executor" what Spark's own image does, for a Spark that is mounted.
set -e

: "${SPARK_HOME:?Where Spark is mounted}"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# Spark's image has the directories of settings first; tests/fast_jvm.py needs the jars there.
class_path=$SPARK_CLASSPATH:${SPARK_CONF_DIR:-$SPARK_HOME/conf}:$SPARK_HOME/jars/*
class_path=$class_path:$HADOOP_CONF_DIR:$SPARK_DIST_CLASSPATH:$PWD

# Orphaned processes of the pod become children of its first process.
init=()
[[ ! -x /usr/bin/tini ]] || init=(/usr/bin/tini -s --)

case $1 in
  driver)
    shift
    exec "${init[@]}" "$SPARK_HOME/bin/spark-submit" \
      --conf "spark.driver.bindAddress=$SPARK_DRIVER_BIND_ADDRESS" \
      --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=$SPARK_DRIVER_BIND_ADDRESS" \
      --deploy-mode client "$@"
    ;;
  executor)
    options=()
    while read -r name; do
      options+=("${!name}")
    done < <(compgen -A variable SPARK_JAVA_OPT_ | sort -t _ -k 4 -n)
    exec "${init[@]}" "$java" "${options[@]}" \
      "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" -cp "$class_path" \
      org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
      --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" \
      --cores "$SPARK_EXECUTOR_CORES" --app-id "$SPARK_APPLICATION_ID" \
      --hostname "$SPARK_EXECUTOR_POD_IP" --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" \
      --podName "$SPARK_EXECUTOR_POD_NAME"
    ;;
  *)
    exec "${init[@]}" "$@"
    ;;
esac
